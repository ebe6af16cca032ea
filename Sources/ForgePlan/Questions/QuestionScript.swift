import ForgeCore

/// All questions of one look as one POSIX shell script, and the parser of what it prints.
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
            LC_ALL=C TZ=UTC; export LC_ALL TZ
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
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
        let numbers = String(decoding: head.prefix(80), as: UTF8.self).split(separator: " ").compactMap {
            Int($0, in: .counts)
        }
        let body = rest.dropFirst(head.count + 1)
        guard numbers.count == 2, body.count > numbers[1] else {
            throw Broken(reason: "expected a length, got “\(String(decoding: head.prefix(80), as: UTF8.self))”")
        }
        rest = body.dropFirst(numbers[1] + 1)
        return Frame(code: numbers[0], bytes: Array(body.prefix(numbers[1])))
    }
}
