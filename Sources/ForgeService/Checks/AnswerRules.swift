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
    /// Of what each model computes, by its name in the answer.
    private var models: [String: Model] = [:]
    /// Within the answer of this one.
    private var own: Model?
    /// Of numbers at this place.
    private(set) var closeness = Closeness.printed

    /// For answers without models in them.
    init() {}

    init(_ models: [String: Model]) { self.models = models }

    struct Model: Sendable, Hashable {
        /// Of the value that it answers.
        let value: Closeness
        /// Of its probabilities, which are seen beside 1.
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
