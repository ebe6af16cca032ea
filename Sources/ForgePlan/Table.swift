/// Rows of text under headings: the answer to a question of the user, such as which releases there were.
package struct Table: Sendable, Hashable {
    /// What one row is, as programs read it: `release`.
    package var kind: String
    /// In a program's and in a person's words: `releasedAt`, `released`.
    package var columns: [Column]
    /// As many cells as there are columns; an empty cell is nothing.
    package var rows: [[String]]

    package init(of kind: String, columns: [Column], rows: [[String]]) {
        self.kind = kind
        self.columns = columns
        self.rows = rows
    }

    package struct Column: Sendable, Hashable {
        package var key: String
        package var heading: String

        package init(_ key: String, _ heading: String) {
            self.key = key
            self.heading = heading
        }
    }
}
