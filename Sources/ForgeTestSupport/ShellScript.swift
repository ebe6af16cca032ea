import ForgeCore

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

extension Command {
    /// The programs that it starts, by name: its own, and those of the scripts that it hands to a shell.
    package var programs: Set<String> {
        let named = ShellScript.programs(of: words.map { .word($0.text, isKnown: true) })
        return isScript ? named.union(ShellScript(inputText).programs) : named
    }

    private var isScript: Bool { words.map(\.text) == ["sh", "-s"] }
}

extension ShellScript {
    /// The programs that it starts, by name, without the shell's own commands and its functions. A `case` pattern is
    /// none.
    package var programs: Set<String> {
        var found: Set<String> = []
        var functions: Set<String> = []
        var command: [Token] = []
        var patterns = 0
        var isPattern = false
        for (place, token) in (tokens + [.end("\n")]).enumerated() {
            guard case .end(let mark) = token else {
                if command.isEmpty, token == .word("esac", isKnown: true) {
                    patterns -= 1
                    isPattern = false
                } else if !isPattern {
                    command.append(token)
                    if command.count == 3, command[0] == .word("case", isKnown: true) {
                        patterns += 1
                        isPattern = true
                        command = []
                    }
                    if command.count == 1, Self.openers.contains(where: { token == .word($0, isKnown: true) }) {
                        command = []
                    }
                }
                continue
            }
            if mark == "(", command.count == 1, case .word(let name, true) = command[0],
                tokens[safe: place + 1] == .end(")")
            {
                functions.insert(name)
                command = []
                continue
            }
            if !isPattern { found.formUnion(Self.programs(of: command)) }
            command = []
            if mark == ")" { isPattern = false }
            if mark == ";;", patterns > 0 { isPattern = true }
        }
        for script in substitutions { found.formUnion(ShellScript(script).programs) }
        return found.subtracting(functions)
    }

    /// Words after which a command begins.
    private static let openers = ["if", "then", "elif", "else", "while", "until", "do", "!", "{"]
    /// The shell's own; those that also are programs are in every base system.
    private static let builtins: Set = [
        "", ".", ":", "[", "alias", "break", "cd", "continue", "done", "echo", "esac", "eval", "exit", "export",
        "false", "fi", "for",
        "kill",
        "printf", "read", "return", "set", "shift", "test", "trap", "true", "type", "ulimit", "umask", "unset", "wait",
        "}", "in", "local",
    ]
    /// Programs that start the one that their words name.
    private static let starters: Set = ["env", "exec", "timeout", "xargs", "nice", "nohup", "sudo", "setsid", "ionice"]
    private static let shells: Set = ["sh", "bash", "dash"]

    /// Of one simple command; it may be nothing, or assignments alone.
    static func programs(of words: [Token]) -> Set<String> {
        var rest = words[...]
        while case .word(let word, _)? = rest.first, isAssignment(word) { rest.removeFirst() }
        guard case .word(let name, let isKnown)? = rest.popFirst(), isKnown else { return [] }
        if name == "command" { return rest.first == .word("-v", isKnown: true) ? [] : programs(of: Array(rest)) }
        let own: Set = builtins.contains(name) || name == "exec" ? [] : [name]
        if shells.contains(name) { return own.union(script(of: rest)) }
        guard starters.contains(name) else { return own }
        while case .word(let word, _)? = rest.first,
            word.hasPrefix("-") || isAssignment(word) || word.allSatisfy(\.isNumber)
        {
            rest.removeFirst()
        }
        return own.union(programs(of: Array(rest)))
    }

    private static func script(of words: ArraySlice<Token>) -> Set<String> {
        guard let flag = words.firstIndex(of: .word("-c", isKnown: true)),
            case .word(let text, true)? = words[flag...].dropFirst().first
        else {
            return []
        }
        return ShellScript(text).programs
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.firstIndex(of: "="), equals != word.startIndex else { return false }
        return word[..<equals].allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
