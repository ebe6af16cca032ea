import ForgeCore

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
