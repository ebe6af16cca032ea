/// What is wrong with one value: the words of a `Problem` that does not know yet where it stands.
struct ValidationError: Error, Hashable {
    /// Goes on behind the value's name: "needs three numbers, such as 1.36.2".
    let sentence: String
    let why: String?
    let fix: String?

    init(_ sentence: String, why: String? = nil, fix: String? = nil) {
        self.sentence = sentence
        self.why = why
        self.fix = fix
    }
}

extension ValidationError {
    /// A name that is none of the known ones, which are told.
    static func unknown(_ name: String, known: [String], _ sentence: String? = nil) -> ValidationError {
        let suggestion = SpellingSuggestion.closest(to: name, among: known).map { "did you mean \($0)? " } ?? ""
        return ValidationError(
            sentence ?? "there is no \(name.shown)", fix: "\(suggestion)known here: \(known.joined(separator: ", "))")
    }
}

extension String {
    /// The text as it can be put into a message: one line, nothing invisible, not too long.
    var shown: String {
        let visible = unicodeScalars.prefix(61).map {
            $0.isControl ? "\\u{\(String($0.value, radix: 16))}" : String($0)
        }
        return visible.prefix(60).joined() + (visible.count > 60 ? "…" : "")
    }
}

extension Unicode.Scalar {
    /// Whether it ends a line or does something to a terminal.
    var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
