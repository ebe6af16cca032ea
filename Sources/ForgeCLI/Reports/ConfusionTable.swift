import ForgePlan

/// A confusion matrix as a table of HTML: a row for each true class, the darker the larger its share of that row.
struct ConfusionTable: Sendable {
    private let matrix: ConfusionMatrix

    init(_ matrix: ConfusionMatrix) { self.matrix = matrix }

    var text: String {
        let head = matrix.classes.map { "<th scope=\"col\">\($0.escaped)</th>" }.joined()
        let rows = zip(matrix.classes, matrix.counts).enumerated().map { place, row in line(row.0, row.1, place) }
        return """
            <h2>\(matrix.model.escaped): \(Seconds.rounded(matrix.accuracy, digits: 3)) on \(matrix.rows) test rows</h2>
            <p>As counted in training. Rows: the true class; columns: what the model said. Green is right, red is \
            wrong.</p>
            <div class="wide"><table class="confusion">
            <thead><tr><th></th>\(head)</tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table></div>
            """
    }

    private func line(_ name: String, _ counts: [Int], _ truth: Int) -> String {
        let all = max(1, counts.reduce(0, +))
        let cells = counts.enumerated().map { answer, count in
            if count == 0 { return "<td class=\"zero\">0</td>" }
            let ink = answer == truth ? "26,128,64" : "208,32,48"
            let share = Seconds.rounded(0.1 + 0.7 * Double(count) / Double(all), digits: 2)
            return "<td style=\"background:rgba(\(ink),\(share))\">\(count)</td>"
        }
        return "<tr><th scope=\"row\">\(name.escaped)</th>\(cells.joined())</tr>"
    }
}
