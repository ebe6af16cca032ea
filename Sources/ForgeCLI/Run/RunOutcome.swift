import ForgeCore
import ForgePlan
import Synchronization

/// How a run ended: what its summary says, and its exit code.
struct RunOutcome: Sendable {
    var outcome: Summary.Outcome
    var exitCode: Int32
    var hosts: [String: HostSummary] = [:]
    /// What to type next, line by line.
    var next: [String] = []
}

extension RunOutcome {
    init(_ result: RunResult, essential: Set<String>, _ record: FailureRecorder) {
        hosts = result.hosts
        let lost = record.lostHosts.subtracting(result.failures.keys)
        for host in lost { hosts[host, default: HostSummary()].failed += 1 }
        outcome = result.outcome(essential: essential)
        if outcome == .ok && !lost.isEmpty { outcome = .incomplete }
        if !essential.isDisjoint(with: lost) || record.hasFailedCheck { outcome = .failed }
        exitCode = outcome.exitCode
        // Nothing is wrong with the cluster: another run works on it.
        if result.failures.values.contains(where: { $0.kind == .held }) { exitCode = Problem.Kind.held.exitCode }
    }

    /// Exit code 4 is for hosts that could not be reached; another reason, such as a broken key file, keeps its own.
    init(noneReached lost: [(host: String, problem: Problem)]) {
        outcome = .failed
        exitCode =
            lost.first { $0.problem.kind != .unreachable }?.problem.kind.exitCode ?? Problem.Kind.unreachable.exitCode
        for (host, _) in lost { hosts[host, default: HostSummary()].failed += 1 }
    }

    /// The work that was left undone.
    mutating func interrupt() {
        exitCode = Problem.Kind.interrupted.exitCode
        if outcome == .ok { outcome = .incomplete }
    }
}

extension RunOutcome {
    /// Both, as one run tells them: the worse of both ends, and what both leave to do.
    func and(_ other: RunOutcome) -> RunOutcome {
        var both = self
        if other.outcome.severity > outcome.severity { both.outcome = other.outcome }
        if exitCode == 0 { both.exitCode = other.exitCode }
        both.hosts.merge(other.hosts) { $0.and($1) }
        // Beside a failure, what comes after a success is no advice.
        let tellsBoth = (exitCode == 0) == (other.exitCode == 0)
        both.next = tellsBoth ? (next + other.next).uniqued() : exitCode == 0 ? other.next : next
        return both
    }
}

extension Summary.Outcome {
    fileprivate var severity: Int {
        switch self {
        case .ok: 0
        case .incomplete: 1
        case .failed: 2
        }
    }

    fileprivate var exitCode: Int32 {
        switch self {
        case .ok: 0
        case .failed: Problem.Kind.failed.exitCode
        case .incomplete: Problem.Kind.incomplete.exitCode
        }
    }
}

extension HostSummary {
    fileprivate func and(_ other: HostSummary) -> HostSummary {
        var both = self
        both.changed += other.changed
        both.unchanged += other.unchanged
        both.wouldChange += other.wouldChange
        both.failed += other.failed
        both.traffic.roundTrips += other.traffic.roundTrips
        both.traffic.bytesSent += other.traffic.bytesSent
        both.traffic.bytesReceived += other.traffic.bytesReceived
        return both
    }

    /// A host that nothing was done on.
    init(traffic: Traffic) {
        self.init()
        self.traffic = traffic
    }
}

extension Problem.Kind {
    /// What the process ends with; `kubeforge --help` lists them.
    package var exitCode: Int32 {
        switch self {
        case .failed: 1
        case .incomplete: 2
        case .invalidInventory: 3
        case .unreachable: 4
        case .held: 5
        case .usage: 64
        case .interrupted: 130
        }
    }
}

extension Problems {
    /// All that an error tells; `name` is who met it, for an error that nobody foresaw.
    init(_ error: any Error, on name: String) {
        self = error as? Problems ?? Problems([Problem(error, on: name)])
    }

    /// The exit code of the first problem.
    var exitCode: Int32 { all.first?.kind.exitCode ?? Problem.Kind.failed.exitCode }
}

extension Reporter {
    /// Tells what to type next, line by line.
    func tell(next lines: [String]) {
        if !lines.isEmpty { report(.note("next  " + lines.joined(separator: "\n      "))) }
    }
}

/// Listens for failures that belong to no step, and so are not in a plan's result: wrong answers of the service, and
/// hosts with a problem.
final class FailureRecorder: Reporter {
    private struct State {
        var hasFailedCheck = false
        var lostHosts: Set<String> = []
    }

    private let state = Mutex(State())

    var hasFailedCheck: Bool { state.withLock(\.hasFailedCheck) }

    var lostHosts: Set<String> { state.withLock(\.lostHosts) }

    func report(_ event: Event) {
        switch event {
        case .check(let check) where !check.isPassed: state.withLock { $0.hasFailedCheck = true }
        case .problem(_, let host?): state.withLock { _ = $0.lostHosts.insert(host) }
        default: break
        }
    }
}
