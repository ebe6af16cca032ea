import ForgePlan

extension CheckReport {
    var json: JSONText {
        .object([
            ("event", "check"), ("name", .text(name)), ("outcome", isPassed ? "passed" : "failed"),
            ("expected", .text(expected)),
            ("got", .text(got)), ("milliseconds", .number(milliseconds)),
        ])
    }
}

extension ConfusionMatrix {
    var json: JSONText {
        .object([
            ("event", "confusion"), ("model", .text(model)), ("classes", .list(classes.map(JSONText.text))),
            ("counts", .list(counts.map { .list($0.map(JSONText.integer)) })),
        ])
    }
}
