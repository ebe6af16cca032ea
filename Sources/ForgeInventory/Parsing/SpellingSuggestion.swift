/// The known name that a mistyped one most likely means.
enum SpellingSuggestion {
    /// Nil when nothing is near: at most a third of the letters may be wrong.
    static func closest(to typed: String, among known: [String]) -> String? {
        guard typed.count <= 64 else { return nil }
        let near = known.map { (name: $0, distance: distance(typed.lowercased(), $0.lowercased())) }
        guard let best = near.min(by: { $0.distance < $1.distance }), best.distance <= max(1, best.name.count / 3)
        else { return nil }
        return best.name
    }

    /// How many letters must be put in, left out, replaced or swapped with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
                row.append(min(rows[i][j + 1] + 1, row[j] + 1, replaced))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    row[j + 1] = min(row[j + 1], rows[i - 1][j - 1] + 1)
                }
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
