import ForgeCore
import ForgePlan
import ForgeTestSupport

/// Hosts and machines as tests need them.
enum Example {
    static func host(_ name: String = "kubnode", user: String = "ubuntu", role: ForgeCore.Host.Role = .worker)
        -> ForgeCore.Host
    {
        ForgeCore.Host(
            name: name, address: IPv4Address("10.0.0.5")!, role: role, isSchedulable: true,
            access: ForgeCore.Host.Access(user: user, keyPath: nil, knownHostsPath: "/dev/null"))
    }

    /// A machine that answers every question as given (by itself: that it has none of the packages), and every command
    /// with `reply`.
    static func machine(
        answering output: String = frame(""), _ reply: @escaping @Sendable (Command) -> Output? = { _ in nil }
    ) -> (Machine, ScriptedTransport) {
        let transport = ScriptedTransport { command in command.line == "sh -s" ? Output(output) : reply(command) }
        return (Machine(host: host(), transport: transport), transport)
    }
}

extension ScriptedTransport {
    /// What was run, but for questions: as lines.
    var changes: [String] { commands.map(\.line).filter { $0 != "sh -s" } }
}

extension Step {
    func texts(_ answers: [Question: Answer]) -> [String] { differences(given: Answers(answers)).map(\.text) }
}

extension Transport {
    /// Asks one question, and fails unless that took exactly one command.
    func look(_ questions: Question...) async throws -> Answers {
        let before = await traffic.roundTrips
        let answers = try await ask(questions, of: Example.host())
        guard await traffic.roundTrips == before + 1 else { throw Problem(what: "one look is one command") }
        return answers
    }
}

/// One answer in the question script's framing.
func frame(_ text: String, code: Int = 0) -> String { "\(code) \(text.utf8.count)\n\(text)\n" }

/// The shells that /bin/sh is on the machines: dash on Debian and Ubuntu, bash on some people's.
enum Shell {
    static let all = ["dash", "bash"]
}
