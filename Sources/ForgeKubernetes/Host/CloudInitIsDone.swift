import ForgeCore
import ForgePlan

/// cloud-init is not at work: while it is, it holds apt's locks, and it may yet set the hostname and /etc/hosts.
struct CloudInitIsDone: Step {
    private let limit: Duration

    /// `limit`: for how long it is waited for.
    init(within limit: Duration = .seconds(600)) { self.limit = limit }

    var title: String { "cloud-init is done" }

    var questions: [Question] { [.command(Self.look())] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(Self.look()).text
        return state.isEmpty ? [] : ["cloud-init: \(state)"]
    }

    /// An end with an error is an end: what cloud-init could not do is not this program's business, and is told.
    func apply(to machine: Machine) async throws {
        let output = try await machine.attempt(
            Command("sh", "-c", "cloud-init status --wait > /dev/null").asRoot().within(limit))
        switch output.exit {
        // 2: done, with errors that it recovered from.
        case .code(0), .code(2): break
        case .code(124):
            throw Problem(
                what: "\(machine.host.name): cloud-init is still at work after \(limit.components.seconds) s",
                why: output.lastLine,
                fix:
                    "find out what it is doing: `cloud-init status --long` and `tail /var/log/cloud-init-output.log`; run again when it is done"
            )
        default: machine.tell("cloud-init ended with an error: `cloud-init status --long` tells more")
        }
    }

    /// Empty unless it is at work. Its generator says at boot whether it will run, and its last stage writes
    /// result.json; the program itself, which takes half a second of Python, is asked between these two only.
    static func look(_ folder: String = "/run/cloud-init") -> String {
        """
        [ -e \(folder)/enabled ] && [ ! -e \(folder)/result.json ] && command -v cloud-init >/dev/null || exit 0
        state=$(cloud-init status 2>/dev/null)
        case ${state#status: } in running*|"not run"*|"not started"*) printf '%s\\n' "${state#status: }";; esac
        """
    }
}
