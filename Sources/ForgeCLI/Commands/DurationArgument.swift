import ArgumentParser

/// A length of time as it is typed: a whole number and its unit.
enum DurationArgument {
    private static let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]

    /// For an option that takes such a text between two bounds; `example` says how it is typed.
    static func parser(from least: String, to most: String, example: String) -> @Sendable (String) throws -> Duration {
        { text in
            guard let time = duration(text) else {
                throw ValidationError("needs a whole number with ms, s, m or h, such as \(example)")
            }
            guard (duration(least)!...duration(most)!).contains(time) else {
                throw ValidationError("from \(least) to \(most)")
            }
            return time
        }
    }

    /// For how long pods may take.
    static let rollout = parser(from: "5s", to: "1h", example: "90s or 5m")

    /// nil when it is none, or longer than any that somebody waits for.
    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) }), let number = Int(digits),
            number < 1_000_000_000
        else { return nil }
        return .milliseconds(number * unit.1)
    }
}
