import ForgePlan

/// A table as lines of text: the columns as wide as what stands in them, since nothing is redrawn.
struct ResultLines {
    let table: ResultTable
    let paint: Paint

    var lines: [String] {
        if table.rows.isEmpty { return [table.none] }
        return [paint(line(table.columns.map { $0.uppercased() }), .dim)] + table.rows.map(line)
    }

    private func line(_ cells: [String]) -> String {
        let padded = zip(cells, widths).map { $0.oneLine.padded(to: $1) }.joined(separator: "   ")
        return padded.trimming(atEnd: " ")
    }

    private var widths: [Int] {
        table.columns.indices.map { column in ([table.columns] + table.rows).map { $0[column].oneLine.columns }.max() ?? 0 }
    }
}

extension String {
    fileprivate func trimming(atEnd character: Character) -> String {
        String(self[..<(lastIndex { $0 != character }.map(index(after:)) ?? startIndex)])
    }
}
