import ForgeCore
import ForgePlan

/// Whether the models answer as they did in training, when the service answers at all. A service that forgets the
/// normalisation of its features says 200 everywhere; only the share of rows that it gets otherwise tells.
struct TrainingServingSkew: Sendable {
    /// Every row that was asked, with the models that answered otherwise than in training.
    private var rows: [Int: Set<String>] = [:]
    /// The same of each pod that was asked by itself.
    private var pods: [String: [Int: Set<String>]] = [:]

    /// nil when no classes were asked, or an answer is none: a service that fails is not skewed.
    init?(_ answerChecks: [AnswerCheck]) {
        for answerCheck in answerChecks where !answerCheck.request.rows.isEmpty {
            guard let wrong = answerCheck.wrongModels else { return nil }
            rows.merge(wrong) { $0.union($1) }
            if let pod = answerCheck.pod { pods[pod, default: [:]].merge(wrong) { $0.union($1) } }
        }
        if rows.isEmpty { return nil }
    }

    var report: CheckReport {
        CheckReport(
            name: "training-serving skew", isPassed: wrong.isEmpty, expected: "as in training on \(rows.counted)",
            got: wrong.isEmpty ? "as in training on \(rows.counted)" : sentence, milliseconds: 0)
    }

    private var wrong: [Int: Set<String>] { rows.filter { !$0.value.isEmpty } }

    private var sentence: String {
        let models = Set(wrong.values.joined()).sorted().map { model in
            "\(model) \(percent(wrong.count { $0.value.contains(model) }))"
        }
        return
            """
            predictions differ from training on \(percent(wrong.count)) of rows: \(cause) \
            (\(models.joined(separator: ", ")))
            """
    }

    private var cause: String {
        let others = pods.filter { $0.value.values.contains { !$0.isEmpty } }.keys.sorted()
        if !others.isEmpty && others.count < pods.count {
            let verb = others.count == 1 ? "does" : "do"
            return "\(others.joined(separator: ", ")) \(verb) not run what the other pods run"
        }
        return "the service does not transform features as training did"
    }

    /// Of at least one row.
    private func percent(_ count: Int) -> String {
        let share = (Double(count) * 100 / Double(rows.count)).rounded()
        return share == 0 ? "less than 1 %" : "\(Int(share, in: 0...100)) %"
    }
}

extension [Int: Set<String>] {
    fileprivate var counted: String { count == 1 ? "1 row" : "\(count) rows" }
}

extension AnswerCheck {
    /// The rows that the answer is about, with the models whose class or value is another than in training; nil when
    /// the answer is none.
    fileprivate var wrongModels: [Int: Set<String>]? {
        guard case .answer(let expected) = request.expected, reply.status == 200, let got = JSONValue(reply.body) else {
            return nil
        }
        let wanted = request.body == nil ? [expected] : expected["predictions"]?.elements ?? []
        let answers = request.body == nil ? [got] : got["predictions"]?.elements ?? []
        guard answers.count == wanted.count else { return nil }
        var found: [Int: Set<String>] = [:]
        for (row, (want, answer)) in zip(request.rows, zip(wanted, answers)) {
            found[row] = []
            for model in request.models {
                guard let right = want[model], let said = answer[model], said.keys == right.keys else { return nil }
                let differences = JSONDifference.between(right, said, by: request.rules.below(model))
                if !differences.isEmpty { found[row]?.insert(model) }
            }
        }
        return found
    }
}

extension JSONValue {
    /// The names of an object's members.
    fileprivate var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }
}
