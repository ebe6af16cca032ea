import ForgeCore
import Synchronization

/// One run of a local program, which is given up when its time is over.
///
/// Not structured: a task group would wait for a program that the kernel does not let die, such as an `umount` of a
/// server that is away.
final class TimedRun: Sendable {
    /// How long a program that was killed may take to be gone.
    private static let patienceAfterKill = Duration.seconds(10)

    private enum End: Sendable {
        case finished(Result<Output, any Error>)
        case stillThere
    }

    private struct State {
        var process: Int32?
        var lastLine: String?
        /// What the program was at when its time was over; nil until then.
        var ended: String?
    }

    private let command: Command
    private let computer: LocalHost
    private let state = Mutex(State())

    init(_ command: Command, _ computer: LocalHost) {
        self.command = command
        self.computer = computer
    }

    /// Told as soon as the program runs.
    func began(_ process: Int32) { state.withLock { $0.process = process } }

    func printed(_ line: OutputLine) { state.withLock { $0.lastLine = line.text } }

    /// `execute` runs the program, and tells this run what becomes of it.
    func output(_ execute: @escaping @Sendable () async throws -> Output) async throws -> Output {
        let (ends, end) = AsyncStream<End>.makeStream()
        let work = Task {
            do { end.yield(.finished(.success(try await execute()))) } catch { end.yield(.finished(.failure(error))) }
        }
        let alarm = Task {
            try await computer.wait(command.timeLimit)
            kill()
            try await computer.wait(Self.patienceAfterKill)
            end.yield(.stillThere)
        }
        defer { alarm.cancel() }
        // A task of its own is not cancelled with this one: a cancelled program is waited for, too.
        let first = Task { () -> End? in
            for await end in ends { return end }
            return nil
        }
        let ended = await withTaskCancellationHandler {
            await first.value
        } onCancel: {
            work.cancel()
        }
        guard case .finished(let result)? = ended else {
            throw problem("does not end, not even when it is killed", Self.stuck)
        }
        if state.withLock({ $0.ended }) != nil { throw problem("was ended, because it took too long", Self.again) }
        return try result.get()
    }

    /// The program and all that it started: a shell's death alone leaves its programs.
    private func kill() {
        let process = state.withLock { $0.process }
        let tree = process.map(computer.tree) ?? []
        let doing = tree.last.flatMap(computer.state) ?? "it did not begin"
        state.withLock { $0.ended = doing }
        for process in tree { computer.kill(process) }
    }

    private func problem(_ what: String, _ fix: (Int32?) -> String) -> Problem {
        let now = state.withLock { $0 }
        let last = now.lastLine.map { "; the last that it printed is: \($0)" } ?? "; it printed nothing"
        return Problem(
            what: "`\(command.summary)` \(what) (\(command.timeLimit.components.seconds) s on this computer)",
            why: (now.ended ?? "") + last, fix: fix(now.process))
    }

    private static func again(_: Int32?) -> String {
        "see what it waits for, and run the same command of kubeforge again"
    }

    private static func stuck(_ process: Int32?) -> String {
        let list = process.map { " -p \($0)" } ?? ""
        return
            """
            look at it with `ps -o pid,stat,wchan,args\(list)`; only a reboot of this computer ends what stays in \
            state D
            """
    }
}

extension LocalHost {
    /// The process and its descendants, each before its own.
    fileprivate func tree(_ process: Int32) -> [Int32] {
        let threads = names(in: "/proc/\(process)/task")
        let children = threads.flatMap { thread in
            (read("/proc/\(process)/task/\(thread)/children") ?? "").split(separator: " ").compactMap { Int32($0) }
        }
        return [process] + children.flatMap(tree)
    }

    /// What a process is, and what it waits for in the kernel.
    fileprivate func state(_ process: Int32) -> String? {
        guard let status = read("/proc/\(process)/status") else { return nil }
        let fields = status.split(separator: "\n").map { $0.split(separator: "\t", maxSplits: 1).map(String.init) }
        func field(_ name: String) -> String { fields.first { $0.first == name + ":" }?.last ?? "?" }
        let place = read("/proc/\(process)/wchan") ?? ""
        return "\(field("Name")), process \(process), was in state \(field("State"))"
            + (["", "0"].contains(place) ? "" : ", in \(place)")
    }
}
