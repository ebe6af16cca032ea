/// A POSIX shell script as its words and operators, as far as it takes to see which programs it starts.
package struct ShellScript {
    enum Token: Equatable {
        /// `isKnown` when nothing in it is expanded: the shell would take it as it stands.
        case word(String, isKnown: Bool)
        case end(String)
    }

    private(set) var tokens: [Token] = []
    /// What stands in `$(…)` and backquotes: scripts of their own.
    private(set) var substitutions: [String] = []

    private let text: [Character]
    private var index = 0
    private var documents: [String] = []

    package init(_ script: String) {
        text = Array(script)
        while index < text.count { readToken() }
    }

    private mutating func readToken() {
        let character = text[index]
        switch character {
        case "\n":
            index += 1
            tokens.append(.end("\n"))
            skipDocuments()
        case " ", "\t": index += 1
        case "#": while index < text.count, text[index] != "\n" { index += 1 }
        case ";", "&", "|", "(", ")":
            let isDouble =
                character != "(" && character != ")" && index + 1 < text.count && text[index + 1] == character
            index += isDouble ? 2 : 1
            tokens.append(.end(isDouble && character == ";" ? ";;" : String(character)))
        case "<", ">": readRedirection()
        default: readWord()
        }
    }

    /// The file that is read or written is no program; of a here-document the rest of the line goes on.
    private mutating func readRedirection() {
        let isDocument = text[index...].starts(with: "<<")
        while index < text.count, "<>&-|".contains(text[index]) { index += 1 }
        while index < text.count, text[index] == " " { index += 1 }
        let count = tokens.count
        if index < text.count, !"\n;&|()".contains(text[index]) { readWord() }
        if isDocument, case .word(let mark, _)? = tokens.last { documents.append(mark) }
        tokens.removeSubrange(count...)
    }

    private mutating func skipDocuments() {
        for mark in documents {
            while index < text.count {
                let line = String(text[index...].prefix { $0 != "\n" })
                index = min(text.count, index + line.count + 1)
                if line.drop(while: { $0 == "\t" }) == mark { break }
            }
        }
        documents = []
    }

    private mutating func readWord() {
        var word = ""
        var isKnown = true
        var isQuoted = false
        while index < text.count {
            let character = text[index]
            if !isQuoted, " \t\n;&|()<>".contains(character) { break }
            index += 1
            switch character {
            case "'" where !isQuoted:
                while index < text.count, text[index] != "'" { take(&word) }
                index += 1
            case "\"": isQuoted.toggle()
            case "\\": if index < text.count { take(&word) }
            case "`":
                substitutions.append(inside(closing: "`"))
                isKnown = false
            case "$":
                isKnown = false
                readExpansion()
            default: word.append(character)
            }
        }
        // `2>`: the number is part of the redirection.
        if index < text.count, "<>".contains(text[index]), !word.isEmpty, word.allSatisfy(\.isNumber) { return }
        tokens.append(.word(word, isKnown: isKnown))
    }

    private mutating func take(_ word: inout String) {
        word.append(text[index])
        index += 1
    }

    private mutating func readExpansion() {
        guard index < text.count else { return }
        if text[index...].starts(with: "((") {
            index += 1
            _ = inside(closing: ")")
            index += 1
        } else if text[index] == "(" {
            index += 1
            substitutions.append(inside(closing: ")"))
        } else if text[index] == "{" {
            index += 1
            _ = inside(closing: "}")
        }
    }

    /// The text up to the matching end, which is taken, too.
    private mutating func inside(closing end: Character) -> String {
        let start = index
        var depth = 0
        var quote: Character?
        while index < text.count {
            let character = text[index]
            if character == "\\", quote != "'" {
                index += 2
                continue
            }
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == end, depth == 0 {
                break
            } else if character == "(", end == ")" {
                depth += 1
            } else if character == ")", end == ")" {
                depth -= 1
            }
            index += 1
        }
        let content = String(text[start..<min(index, text.count)])
        index = min(text.count, index + 1)
        return content
    }
}
