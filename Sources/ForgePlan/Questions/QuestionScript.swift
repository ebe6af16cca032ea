import ForgeCore

extension Transport {
    /// Asks the questions of the host in one round trip, as root, and parses the answers.
    package func ask(_ questions: [Question], of host: Host) async throws -> Answers {
        if questions.isEmpty { return Answers() }
        let script = QuestionScript(questions)
        let output = try await run(script.command)
        guard output.isSuccess else { throw Problem(refusing: host, output) ?? Problem(notAnswering: host, output) }
        do {
            return try script.answers(from: output.standardOutput)
        } catch {
            if let refusal = Problem(refusing: host, output) { throw refusal }
            let login = "\(host.access.user)@\(host.outerAddress)"
            throw Problem(
                what: "\(host.name): its reply could not be parsed", why: error.reason,
                fix: error.fix
                    ?? "does its login shell print anything at start-up? `ssh \(login) true` should print nothing")
        }
    }
}

extension Problem {
    /// A host that lets the user in and runs one command of its own instead of ours, as cloud images do to root; nil
    /// for all others.
    init?(refusing host: Host, _ output: Output) {
        let words = #/Please login as the user "?([a-z_][a-z0-9_-]*)"?/#
        guard let sentence = output.text.split(separator: "\n").first(where: { $0.contains(words) }),
            let user = sentence.firstMatch(of: words)?.1
        else { return nil }
        self.init(
            .unreachable, what: "\(host.name): the login as \(host.access.user) runs no commands",
            why: sentence.trimming(while: \.isWhitespace),
            fix: "write into the inventory: `ssh: { user: \(user) }`, for all hosts or for \(host.name) alone")
    }

    /// A host that could not even be asked: nearly always sudo.
    init(notAnswering host: Host, _ output: Output) {
        let user = host.access.user
        let said = output.errorText + output.text
        let refusal = Refusal.all.first { refusal in refusal.words.contains { said.contains($0) } }
        self.init(
            what: "\(host.name): \(refusal?.what(user) ?? "could not be inspected")", why: output.lastLine,
            fix: refusal?.fix(user) ?? "log in as \(user) and try `sudo -n sh -c true`")
    }
}

/// What sudo, or the login, says instead of running a command, and what to do about it.
private struct Refusal: Sendable {
    let words: [String]
    let what: @Sendable (_ user: String) -> String
    let fix: @Sendable (_ user: String) -> String

    init(words: [String], what: @escaping @Sendable (String) -> String, fix: @escaping @Sendable (String) -> String) {
        (self.words, self.what, self.fix) = (words, what, fix)
    }

    static let all = [
        Refusal(words: ["must have a tty"]) { _ in
            "sudo requires a terminal (requiretty), and kubeforge has none"
        } fix: { user in
            "lift that for this user: \(added("Defaults:\(user) !requiretty", for: user, "sudo "))"
        },
        // The last one of these is sudo-rs's, which Ubuntu has since 25.10.
        Refusal(words: ["password is required", "terminal is required", "authentication is required"]) { user in
            "sudo asks \(user) for a password"
        } fix: { user in
            "allow it without one: \(added("\(user) ALL=(ALL) NOPASSWD:ALL", for: user, "sudo "))"
        },
        // The last two of these are sudo-rs's.
        Refusal(words: [
            "is not in the sudoers file", "may not run sudo", "is not allowed to", "I'm afraid I can't do that",
            "may not run ",
        ]) { user in
            "\(user) may not use sudo"
        } fix: { user in
            """
            allow it, without a password, as root (`su -`, the host's console, or cloud-init): \
            \(added("\(user) ALL=(ALL) NOPASSWD:ALL", for: user)); or name a user who may, `ssh: user:` in the inventory
            """
        },
        Refusal(words: ["sudo: not found", "sudo: command not found", "‘sudo’: No such file", "'sudo': No such file"]) {
            _ in
            "sudo is not installed"
        } fix: { _ in
            "`apt-get install sudo` as root, or log in as root: `ssh: { user: root }` in the inventory"
        },
        Refusal(words: ["Password change required"]) { user in
            "the password of \(user) has expired"
        } fix: { user in
            "log in as \(user) and change it, or as root: `chage -M -1 \(user)`"
        },
        Refusal(words: ["This account is currently not available"]) { user in
            "\(user) has no login shell"
        } fix: { user in
            "name another user in the inventory, `ssh: user:`, or as root: `usermod -s /bin/sh \(user)`"
        },
    ]

    /// A command that adds the line to a file of its own, and overwrites nobody's. sudo skips a file whose name has a
    /// dot, which a login name may have.
    private static func added(_ line: String, for user: String, _ sudo: String = "") -> String {
        let file = "/etc/sudoers.d/kubeforge-\(user.replacing(".", with: "_"))"
        return "echo '\(line)' | \(sudo)tee -a \(file) && \(sudo)chmod 0440 \(file)"
    }
}

/// All questions of one round trip as one POSIX shell script, and the parser of what it prints.
///
/// It is cheap on the host: shell built-ins read small files; one `stat`, one `sha256sum`, one `dpkg-query` and one
/// `systemctl show` serve all questions of their kind.
struct QuestionScript: Sendable {
    private let sections: [any Section]

    init(_ questions: [Question]) {
        let all: [any Section] = [
            FileSection(questions), PackageSection(questions), UnitSection(questions), KernelSection(questions),
            ContentsSection(questions), CommandSection(questions),
        ]
        sections = all.filter { !$0.isEmpty }
    }

    /// Rendered as root. Each section prints frames: `<code> <bytes>`, a newline, the bytes, a newline.
    var command: Command {
        let prelude = """
            export \(Command.environment.joined(separator: " "))
            \(Self.proxyIsPutAway)
            frame() { printf '%s %s\\n%s\\n' "$1" "${#2}" "$2"; }
            """
        var command = Command.script(
            ([prelude] + sections.map(\.early) + sections.map(\.script)).joined(separator: "\n"))
        command.seesLoginProxy = true
        return command.asRoot().within(.seconds(300))
    }

    /// No question goes through the login's proxy; which one that is can be asked for.
    private static let proxyIsPutAway = """
        \(Command.loginProxy)=\(proxy); export \(Command.loginProxy)
        unset \(Command.proxyVariables.joined(separator: " "))
        """

    /// Most machines have the same one in all of them.
    private static let proxy = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
        .reversed().reduce("") { rest, name in "${\(name):-\(rest)}" }

    func answers(from bytes: [UInt8]) throws(Frames.Broken) -> Answers {
        var frames = Frames(bytes)
        var answers: [Question: Answer] = [:]
        for section in sections { answers.merge(try section.parse(&frames)) { _, new in new } }
        return Answers(answers)
    }
}

/// The questions of one kind: how they are asked together, and how their answers are read back.
protocol Section: Sendable {
    var isEmpty: Bool { get }
    /// What can begin before the other sections and needs time; it prints nothing.
    var early: String { get }
    var script: String { get }
    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer]
}

extension Section {
    var early: String { "" }
}

/// Length-prefixed pieces of output, read one after the other.
struct Frames {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    struct Frame {
        let code: Int
        let bytes: [UInt8]
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var lines: [String] { text.split(separator: "\n").map(String.init) }
    }

    struct Broken: Error {
        let reason: String
        /// nil when it is not known what disturbs.
        var fix: String?
    }

    mutating func next() throws(Broken) -> Frame {
        let head = rest.prefix { $0 != UInt8(ascii: "\n") }
        let said = String(decoding: head.prefix(80), as: UTF8.self)
        let numbers = said.split(separator: " ").compactMap { Int($0, in: .counts) }
        let body = rest.dropFirst(head.count + 1)
        guard numbers.count == 2, body.count > numbers[1] else {
            throw Broken(reason: "expected a length, got “\(said)”")
        }
        rest = body.dropFirst(numbers[1] + 1)
        return Frame(code: numbers[0], bytes: Array(body.prefix(numbers[1])))
    }
}
