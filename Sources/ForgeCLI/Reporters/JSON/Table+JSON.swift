import ForgePlan

extension Table {
    /// A line for each row.
    var json: [JSONText] {
        rows.map { row in
            .object([("event", .text(kind))] + zip(columns, row).map { ($0.key, .optional($1.isEmpty ? nil : $1)) })
        }
    }
}

extension PodLine {
    var json: JSONText { .object([("event", "output"), ("pod", .text(pod)), ("line", .text(text))]) }
}
