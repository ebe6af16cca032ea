import ForgeCore
import ForgePlan

extension StepReport {
    var json: JSONText {
        .object([
            ("event", "step"), ("stage", .text(stage)), ("host", .text(host)), ("title", .text(title)),
            ("outcome", .text(outcome.rawValue)), ("differences", .list(differences.map { .text($0.text) })),
            ("seconds", .number(seconds)),
        ])
    }
}

extension Problem {
    func json(host: String?) -> JSONText {
        .object([
            ("event", "problem"), ("host", .optional(host)), ("what", .text(what)), ("why", .optional(why)),
            ("fix", .optional(fix)),
        ])
    }
}
