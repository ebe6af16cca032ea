import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization

/// What only machines that join may see.
let joinSecret = "abcdef.0123456789abcdef"

/// A control plane that makes tokens, and counts them.
actor TokenOffice: Transport {
    private(set) var log: [String] = []
    private let oldNode: String

    /// `oldNode`: the frame with what its cluster says of the node that had the name before.
    init(oldNode: String = frame(JoinTests.gone, code: 1)) { self.oldNode = oldNode }

    var traffic: Traffic { Traffic() }

    func close() async {}

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        if command.inputText.contains("kubeadm token create") {
            log.append("create")
            onLine(OutputLine(stream: .standardOutput, text: joinSecret))
            return Output("\(joinSecret)\n00ff  -\n")
        }
        log.append(command.line)
        return Output(command.isLook ? oldNode : "")
    }

    nonisolated var machine: Machine { Machine(host: Example.master, transport: self) }
}

/// What was told, line by line.
final class Seen: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}
