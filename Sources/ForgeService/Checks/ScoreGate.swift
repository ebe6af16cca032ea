import ForgeCore
import ForgePlan

/// What each model must reach on the test set: its accuracy, or R² where it answers with a number.
struct ScoreGate: Sendable {
    /// From 0 to 1.
    let minimum: Double

    /// A check for each of the models of what `/score` answered; one that failed when it did not answer.
    func reports(_ reply: ServiceReply, of models: [String]) -> [CheckReport] {
        let answer = JSONValue(reply.body)
        return models.map { model in
            let score: Double? = if case .number(let number)? = answer?[model] { number } else { nil }
            // Nothing is scored where no column holds the truth.
            let silence = answer == .object([:]) ? "no score: the rows have no truth (service: target:)" : "nothing"
            return CheckReport(
                name: "score of \(model)", isPassed: score.map { $0 >= minimum } ?? false,
                expected: "\(minimum) or more",
                got: score.map { JSONValue.number($0).summary } ?? silence, milliseconds: 0)
        }
    }
}
