import ForgeCore

extension JSONValue {
    /// The answer as a person recognises it at a glance: `lda A (0), mlp A (0)`; long lists and 160 features are a number.
    var brief: String {
        switch self {
        case .object(let members) where members.count == 2 && members["letter"]?.text != nil && members["number"] != nil:
            "\(members["letter"]!.text!) (\(members["number"]!.brief))"
        case .object(let members) where members.isEmpty: "{}"
        case .object(let members) where members.count == 1 && members["error"]?.text != nil: members["error"]!.text!
        case .object(let members) where members.count > 8: "\(members.count) values"
        case .object(let members): members.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.brief)" }.joined(separator: ", ")
        case .array(let elements) where elements.count > 8: "\(elements.count) values"
        case .array(let elements): "[" + elements.map(\.brief).joined(separator: ", ") + "]"
        case .number(let number) where number != number.rounded(): String((number * 10_000).rounded() / 10_000)
        default: text ?? description
        }
    }
}
