import ForgeCore
import ForgeLab
import ForgePlan
import Logging
import Synchronization

/// A transport that tells which commands are under way, and writes each into the diagnostics.
struct LoggingTransport: Transport {
    let host: String
    let inner: any Transport
    let running: RunningCommands
    let diagnostics: Logger

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        let number = running.began(command, on: host)
        defer { running.ended(number) }
        let began = ContinuousClock.now
        let output = try await inner.run(command, onLine: onLine)
        let time = (ContinuousClock.now - began).seconds
        diagnostics.debug("\(host): \(command.told) ended with \(output.exit.told) after \(Seconds.shown(time))")
        return output
    }

    var traffic: Traffic {
        get async { await inner.traffic }
    }

    func close() async { await inner.close() }
}

extension Command {
    /// The command as it is shown to a person. The command line of a script that comes over standard input says
    /// nothing.
    var told: String {
        if case .bytes(let bytes) = input, line == "sh -s" { return "a script of \(bytes.count) bytes" }
        return "`\(summary)`"
    }
}

extension Output.Exit {
    fileprivate var told: String {
        switch self {
        case .code(let code): "exit code \(code)"
        case .signal(let name): "SIG\(name)"
        case .unknown: "an unknown exit code"
        }
    }
}

/// The commands that are under way on all hosts.
package final class RunningCommands: Sendable {
    private struct State {
        var next = 0
        var commands: [Int: Running] = [:]
    }

    /// One command, from its start to its exit code or the loss of its connection.
    package struct Running: Sendable, Hashable {
        /// The host's name in the inventory.
        package var host: String
        /// The command as it was built, before the host's environment and time limit are put around it.
        package var command: Command
    }

    private let state = Mutex(State())

    package init() {}

    func began(_ command: Command, on host: String) -> Int {
        state.withLock { state in
            state.next += 1
            state.commands[state.next] = Running(host: host, command: command)
            return state.next
        }
    }

    func ended(_ number: Int) { state.withLock { $0.commands[number] = nil } }

    /// Whether any has ever begun. Before that hosts are only connected to, and nothing of theirs is touched.
    package var haveBegun: Bool { state.withLock { $0.next > 0 } }

    /// In the order they began.
    package var all: [Running] {
        state.withLock { $0.commands.sorted { $0.key < $1.key }.map(\.value) }
    }
}

extension RunningCommands.Running {
    /// It runs under `timeout` on its host, which ends it there.
    var mayStillRun: String {
        "may still run on \(host): \(command.told) (its time limit there: \(Seconds.shown(command.timeLimit.seconds)))"
    }
}

/// This computer as a transport, for questions that are asked from the operator's side.
struct LocalTransport: Transport {
    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        try await LocalHost().run(command, onLine: onLine)
    }

    var traffic: Traffic { Traffic() }

    func close() async {}
}
