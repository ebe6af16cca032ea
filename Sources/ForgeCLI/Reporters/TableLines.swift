import ForgePlan

/// A table as lines: each column as wide as its widest cell.
struct TableLines {
    let table: Table
    let style: TextStyle

    var lines: [String] {
        if table.rows.isEmpty { return ["  there is no \(table.kind)"] }
        return headed
    }

    private var headed: [String] {
        [style("  " + row(table.columns.map(\.heading)), .dim)] + table.rows.map { "  " + row($0) }
    }

    private func row(_ cells: [String]) -> String {
        let padded = zip(cells, widths).map { $0.oneLine.padded(to: $1) }.joined(separator: "  ")
        return String(padded.reversed().drop { $0 == " " }.reversed())
    }

    private var widths: [Int] {
        table.columns.indices.map { place in
            ([table.columns[place].heading] + table.rows.map { $0[place] }).map(\.oneLine.columns).max() ?? 0
        }
    }
}
