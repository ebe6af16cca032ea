import ForgeCore
import ForgePlan

/// A request and its reply, compared.
struct AnswerCheck: Sendable {
    let request: ServiceRequest
    let reply: ServiceReply
    /// What stands beside the name: `at kubnode:31234`.
    var place = ""
    /// The pod that was asked by itself.
    var pod: String?

    var report: CheckReport {
        let (isPassed, expected, got) = comparison
        return CheckReport(
            name: request.name + (place.isEmpty ? "" : " " + place), isPassed: isPassed, expected: expected, got: got,
            milliseconds: reply.milliseconds)
    }

    private var comparison: (Bool, String, String) {
        switch request.expected {
        case .refusal(let status):
            let hasReason = JSONValue(reply.body)?["error"]?.text?.isEmpty == false
            return (reply.status == status && hasReason, "\(status) with a reason", got)
        case .answer(let expected):
            guard reply.status == 200, let answer = JSONValue(reply.body) else {
                return (false, "200 \(expected.summary.shortened)", got)
            }
            let differences = JSONDifference.between(expected, comparable(answer), by: request.rules)
            if differences.isEmpty { return (true, expected.summary.shortened, answer.summary.shortened) }
            return (false, Self.list(differences, \.expected), Self.list(differences, \.got))
        }
    }

    /// Whether the address was not reached at all; somebody with another key than the service's is no silence.
    var isUnreached: Bool { reply.status == 0 && !got.contains(Self.otherKey) }

    /// What curl says of who answers with another key.
    static let otherKey = "pinned public key"

    /// How what was got begins, where nothing was.
    static let silence = "no answer"

    private var got: String {
        let body = String(decoding: reply.body, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
        let text = JSONValue(reply.body).map(\.summary.shortened) ?? body.shortened
        return reply.status == 0 ? "\(Self.silence): \(text)" : "\(reply.status) \(text)"
    }

    /// Where the test rows are not known, the features' values are not compared; all else is.
    private func comparable(_ answer: JSONValue) -> JSONValue {
        guard request.isWithoutFeatures, case .object(var members) = answer else { return answer }
        members["features"] = nil
        return .object(members)
    }

    private static func list(_ differences: [JSONDifference], _ side: KeyPath<JSONDifference, String>) -> String {
        let shown = differences.prefix(3).map {
            $0.path.isEmpty ? $0[keyPath: side] : "\($0.path): \($0[keyPath: side])"
        }.joined(
            separator: ", ")
        return differences.count > 3 ? "\(shown), and \(differences.count - 3) more" : shown
    }
}

/// How near two numbers must be to count as the same.
struct Closeness: Sendable, Hashable {
    /// The share of the larger of `scale` and the expected number that they may differ by.
    let relative: Double
    /// What is small beside it need not be exact: a sum that is nearly zero is as inexact as its parts.
    let scale: Double

    /// Two ways to print a double are no fault.
    static let printed = Closeness(relative: 1e-9, scale: 1)
    static let exact = Closeness(relative: 0, scale: 0)

    func holds(_ expected: Double, _ got: Double) -> Bool {
        expected == got || abs(expected - got) <= relative * max(scale, abs(expected))
    }
}

/// How answers are compared with the expected ones: a class exactly, what a model computes beside it by the tolerance
/// of its format, and everything else as numbers are printed.
struct AnswerRules: Sendable, Hashable {
    /// The rules for what each model computes, by its name in the answer.
    private var models: [String: Model] = [:]
    /// Within the answer of this one.
    private var own: Model?
    /// The closeness of numbers at this place.
    private(set) var closeness = Closeness.printed

    /// For answers without models in them.
    init() {}

    init(_ models: [String: Model]) { self.models = models }

    struct Model: Sendable, Hashable {
        /// The closeness of the value that it answers.
        let value: Closeness
        /// The closeness of its probabilities, which are seen beside 1.
        let probability: Closeness
    }

    /// Those for the member of this name.
    func below(_ key: String) -> AnswerRules {
        var rules = self
        if let own {
            switch key {
            case "value": rules.closeness = own.value
            case "probability", "probabilities": (rules.closeness, rules.own) = (own.probability, nil)
            default: break
            }
        } else if let model = models[key] {
            (rules.models, rules.own, rules.closeness) = ([:], model, .exact)
        }
        return rules
    }
}
