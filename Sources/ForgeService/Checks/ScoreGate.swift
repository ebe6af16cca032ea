import ForgeCore
import ForgePlan

/// What each model must reach on the test set.
struct ScoreGate: Sendable {
    /// From 0 to 1.
    let minimum: Double

    /// A check for each model of what `/score` answered; one that failed when it did not answer.
    func reports(_ reply: ServiceReply) -> [CheckReport] {
        ExpectedAnswers.models.map { model in
            let score: Double? = if case .number(let number)? = JSONValue(reply.body)?[model] { number } else { nil }
            return CheckReport(
                name: "score of \(model)", isPassed: score.map { $0 >= minimum } ?? false,
                expected: "\(minimum) or more",
                got: score.map { JSONValue.number($0).summary } ?? "nothing", milliseconds: 0)
        }
    }
}
