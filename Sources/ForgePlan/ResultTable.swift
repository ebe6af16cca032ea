/// Things that were asked for, one a row: what a verb that only looks has to show.
package struct ResultTable: Sendable, Hashable {
    /// What one row is, in one word: `schedule`.
    package var subject: String
    package var columns: [String]
    /// A cell for each column.
    package var rows: [[String]]
    /// The sentence where there are none.
    package var none: String

    package init(of subject: String, columns: [String], rows: [[String]], none: String) {
        self.subject = subject
        self.columns = columns
        self.rows = rows
        self.none = none
    }
}
