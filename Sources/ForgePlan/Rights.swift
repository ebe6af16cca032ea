import ForgeCore
import Synchronization

/// What a run may do: to change machines as long as nobody else does, and to go on waiting as long as nobody wants it
/// to stop.
package final class Rights: Sendable {
    private struct State {
        /// By host: the ended run whose right was taken.
        var ended: [String: String] = [:]
        var taken: Set<String> = []
    }

    private let lock: MachineLock
    private let patience: Duration
    private let isEnded: @Sendable (Holder) -> Bool
    private let isInterrupted: @Sendable () -> Bool
    private let fence: @Sendable () throws -> Void
    private let state = Mutex(State())

    /// `patience`: for how long another's command is waited for. `isEnded`: whether the process of that run is known to
    /// be gone. `fence` throws when the run has lost what else it must have.
    package init(
        _ lock: MachineLock, patience: Duration = .seconds(600),
        isEnded: @escaping @Sendable (Holder) -> Bool = { _ in false },
        isInterrupted: @escaping @Sendable () -> Bool = { false }, fence: @escaping @Sendable () throws -> Void = {}
    ) {
        self.lock = lock
        self.patience = patience
        self.isEnded = isEnded
        self.isInterrupted = isInterrupted
        self.fence = fence
    }

    /// Under the machine's lock, where root runs it. kubectl changes the cluster, which has a lock of its own.
    func run(
        _ command: Command, on host: Host, over transport: any Transport,
        onLine: @escaping @Sendable (OutputLine) -> Void
    )
        async throws -> Output
    {
        try fence()
        guard command.isAsRoot, command.changesHost, command.words.first?.text != "kubectl" else {
            return try await transport.run(command, onLine: onLine)
        }
        let end = ContinuousClock.now + patience
        var isWaiting = false
        while true {
            let ended = state.withLock { $0.ended[host.name] }
            var lock = lock
            lock.ended = ended
            let output = try await transport.run(command.under(lock)) { if !MachineLock.isOwn($0) { onLine($0) } }
            if output.exit == .code(MachineLock.busy), MachineLock.holder(refusing: output) != nil, .now < end {
                if !isWaiting {
                    let sentence = "waiting up to \(patience.components.seconds) s for a command that runs on this host"
                    onLine(OutputLine(stream: .standardError, text: sentence))
                }
                isWaiting = true
                try goOnWaiting(on: host)
                try fence()
                continue
            }
            guard let holder = MachineLock.holder(refusing: output) else {
                state.withLock { _ = $0.taken.insert(host.name) }
                return output
            }
            guard let holder, holder.run != ended, isEnded(holder) else {
                throw Problem(held: "\(host.name) is being changed by another kubeforge run", by: holder)
            }
            state.withLock { $0.ended[host.name] = holder.run }
        }
    }

    func goOnWaiting(on host: Host) throws {
        guard isInterrupted() else { return }
        throw Problem(.interrupted, what: "\(host.name): stopped waiting", fix: "run it again to continue")
    }

    /// Gives the machine back, where this run keeps it.
    func end(on host: Host, over transport: any Transport) async {
        guard lock.keeps > 0, state.withLock({ $0.taken.contains(host.name) }) else { return }
        _ = try? await transport.run(lock.release)
    }
}

/// No run keeps the machine to itself.
package struct MachineIsFree: Step {
    private let path: String

    package init(at path: String = MachineLock.path) { self.path = path }

    package var title: String { "no run holds the machine" }

    package var questions: [Question] { [.command(look)] }

    /// The holder, where a run keeps the machine between its commands; none while a command of it still runs.
    package func differences(given answers: Answers) -> [Difference] {
        let words = answers.command(look).text.trimming(while: \.isWhitespace).split(separator: " ", maxSplits: 1).map(
            String.init)
        guard words.count == 2, words[0] == "kept" else { return [] }
        return [Difference("it is held by \(Holder(line: words[1])?.sentence ?? "an unknown run")")]
    }

    /// A command that still runs keeps the lock until it ends.
    package func apply(to machine: Machine) async throws { try await machine.run(MachineLock.clear(path)) }

    private var look: String { MachineLock.look(path) }
}
