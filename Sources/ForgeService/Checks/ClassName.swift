/// A class as golden.json and answers write it: `{"class": "yes", "probability": 0.947}`, or the columns of labels.csv,
/// such as `{"number": 0, "letter": "A"}`.
struct ClassName: Hashable, Comparable {
    private let members: [String: JSONValue]

    /// nil for what is none: a value of a regression, or no answer.
    init?(_ value: JSONValue) {
        guard case .object(var members) = value, members["value"] == nil else { return nil }
        members["probability"] = nil
        members["probabilities"] = nil
        guard !members.isEmpty else { return nil }
        self.members = members
    }

    /// Its texts, `A`; what it has where it has none.
    var name: String {
        let all = members.sorted { $0.key < $1.key }.map(\.value)
        let texts = all.compactMap(\.text)
        return (texts.isEmpty ? all.map(\.description) : texts).joined(separator: " ")
    }

    /// By its number, where it has one; else by its name.
    static func < (left: ClassName, right: ClassName) -> Bool {
        switch (left.number, right.number) {
        case (let one?, let other?) where one != other: one < other
        default: left.name < right.name
        }
    }

    private var number: Double? {
        members.values.lazy.compactMap { if case .number(let number) = $0 { number } else { nil } }.first
    }
}
