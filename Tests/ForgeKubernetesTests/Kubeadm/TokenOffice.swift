import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization

/// What only machines that join may see.
let joinSecret = "abcdef.0123456789abcdef"

/// A control plane that makes tokens, and counts them.
actor TokenOffice: Transport {
    private(set) var log: [String] = []
    private let readyNode: Bool
    private let waitsInVain: Bool

    init(readyNode: Bool = false, waitsInVain: Bool = false) {
        self.readyNode = readyNode
        self.waitsInVain = waitsInVain
    }

    var traffic: Traffic { Traffic() }

    func close() async {}

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        if command.inputText.contains("kubeadm token create") {
            log.append("create")
            onLine(OutputLine(stream: .standardOutput, text: joinSecret))
            return Output("\(joinSecret)\n00ff  -\n")
        }
        log.append(command.line)
        if command.line.contains("seq 90") {
            return waitsInVain ? .failed(1, "the cluster has a Ready node of this name\n") : Output()
        }
        return command.line.contains(" get node ") ? Output(readyNode ? "True" : "") : Output()
    }

    nonisolated var machine: Machine { Machine(host: Example.master, transport: self) }
}

/// What was told, line by line.
final class Seen: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}
