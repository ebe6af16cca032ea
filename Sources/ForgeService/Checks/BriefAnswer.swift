import ForgeCore

extension JSONValue {
    /// The answer as a person recognises it at a glance: `churn yes (0.947), price 201.7`, `lda A (0)`; long lists and
    /// 160 features are a number.
    var summary: String { name ?? shortened }

    /// Of what a model answers, and of an error.
    private var name: String? {
        guard case .object(let members) = self else { return nil }
        if members.count == 1 { return members["error"]?.text ?? (members["class"] ?? members["value"])?.summary }
        guard members.count == 2 else { return nil }
        if let answer = members["class"], let probability = members["probability"] { return answer.named(probability) }
        guard let text = members.values.first(where: { $0.text != nil }) else { return nil }
        return members.values.first { if case .number = $0 { true } else { false } }.map { text.named($0) }
    }

    private func named(_ number: JSONValue) -> String { "\(summary) (\(number.summary))" }

    private var shortened: String {
        switch self {
        case .object(let members) where members.isEmpty: "{}"
        case .object(let members) where members.count > 8: "\(members.count) values"
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.summary)" }.joined(separator: ", ")
        case .array(let elements) where elements.count > 8: "\(elements.count) values"
        case .array(let elements): "[" + elements.map(\.summary).joined(separator: ", ") + "]"
        case .number(let number) where number != number.rounded(): String((number * 10_000).rounded() / 10_000)
        default: text ?? description
        }
    }
}
