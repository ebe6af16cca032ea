import ForgeCore
import ForgePlan

/// cloud-init is not at work: while it is, it holds apt's locks, and it may yet set the hostname and /etc/hosts.
struct CloudInitIsDone: Step {
    private let limit: Duration
    private let pause: Duration

    /// `limit`: for how long it is waited for. `pause`: before it is looked at again.
    init(within limit: Duration = .seconds(600), every pause: Duration = .seconds(2)) {
        self.limit = limit
        self.pause = pause
    }

    var title: String { "cloud-init is done" }

    var questions: [Question] { [.command(Self.look())] }

    func differences(given answers: Answers) -> [Difference] {
        let state = Self.state(answers)
        return state.isEmpty ? [] : ["cloud-init: \(state)"]
    }

    private static func state(_ answers: Answers) -> String { answers.command(look()).text }

    /// An end with an error is an end: what cloud-init could not do is not this program's business, and is told.
    func apply(to machine: Machine) async throws {
        var state = ""
        let isDone = try await machine.poll(within: limit, every: pause) {
            state = Self.state(try await machine.ask(questions))
            return state.isEmpty
        }
        guard isDone else { throw late(machine.host, state) }
        let output = try await machine.attempt(Command("sh", "-c", "cloud-init status > /dev/null").asRoot())
        // 2: done, with errors that it recovered from.
        if [.code(0), .code(2)].contains(output.exit) { return }
        machine.tell("cloud-init ended with an error: `cloud-init status --long` tells more")
    }

    private func late(_ host: Host, _ state: String) -> Problem {
        Problem(
            what: "\(host.name): cloud-init is still running after \(limit.components.seconds) s",
            why: "cloud-init: \(state)",
            fix:
                """
                find out what it is doing: `cloud-init status --long` and `tail /var/log/cloud-init-output.log`; run \
                again when it is done
                """
        )
    }

    /// Empty unless it is at work. Its generator says at boot whether it will run, and its last stage writes
    /// result.json; the program itself, which takes half a second of Python, is asked between these two only.
    static func look(_ directory: String = "/run/cloud-init") -> String {
        """
        [ -e \(directory)/enabled ] && [ ! -e \(directory)/result.json ] && command -v cloud-init >/dev/null || exit 0
        state=$(cloud-init status 2>/dev/null)
        case ${state#status: } in running*|"not run"*|"not started"*) printf '%s\\n' "${state#status: }";; esac
        """
    }
}
