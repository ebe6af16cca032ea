import ForgeCore

/// `.command`: each in a shell of its own. Several of them run at once, beside the other sections: a `kubectl` takes
/// 0.1 s or more.
struct CommandSection: Section {
    private let commands: [String]

    /// At once on a host; a `kubectl` needs 50 MB of memory.
    private static let lanes = 4
    /// Seconds after which a command that hangs counts as failed (124, as `timeout` says), so that it does not hide all
    /// other answers.
    /// On a slow control plane `kubectl diff` of a service takes more than 40 s.
    private static let limit = 100

    init(_ questions: [Question]) {
        commands = questions.compactMap { if case .command(let text) = $0 { text } else { nil } }.uniqued()
    }

    var isEmpty: Bool { commands.isEmpty }

    /// Every lane takes its commands one after the other. /run is in memory: a full disk does not matter, and nothing
    /// outlives a reboot.
    var early: String {
        guard commands.count > 1 else { return "" }
        let lanes = (0..<min(Self.lanes, commands.count)).map { lane in
            let jobs = stride(from: lane, to: commands.count, by: Self.lanes).map {
                "job \($0) \(commands[$0].shellQuoted)"
            }
            return "{\n\(jobs.joined(separator: "\n"))\n} &"
        }
        return """
            jobs=$(mktemp -d -p /run kubeforge.XXXXXX 2>/dev/null || mktemp -d) || exit 1
            trap 'rm -rf -- "$jobs"' EXIT; trap 'exit 143' HUP INT TERM
            job() { \(Self.run("\"$2\"")) >"$jobs/$1"; echo $? >"$jobs/$1.code"; }
            \(lanes.joined(separator: "\n"))
            """
    }

    var script: String {
        guard commands.count > 1 else {
            return commands.map { "c=$(\(Self.run($0.shellQuoted))); frame $? \"$c\"" }.joined()
        }
        return """
            wait
            for job in \(commands.indices.map(String.init).joined(separator: " ")); do
            read -r code <"$jobs/$job.code"; c=$(cat "$jobs/$job"); frame "$code" "$c"
            done
            """
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var answers: [Question: Answer] = [:]
        for command in commands {
            let frame = try frames.next()
            answers[.command(command)] = .command(CommandState(exitCode: frame.code, text: frame.text))
        }
        return answers
    }

    private static func run(_ word: String) -> String { "timeout \(limit) sh -c \(word) </dev/null 2>/dev/null" }
}
