import ForgeCore
import ForgeInventory
import ForgePlan

extension Action {
    /// The cluster as each of its runs sees it: with one service alone, where it is about services.
    func views(of cluster: Cluster) throws(Problem) -> [Cluster] {
        guard isPerService else { return [cluster] }
        let names = cluster.services.map(\.name)
        if let unknown = services.first(where: { !names.contains($0) }) {
            throw Problem(
                .usage, what: "--service \(unknown): the inventory has no such service",
                fix: "it has: \(names.joined(separator: ", "))")
        }
        let meant = cluster.services.filter { services.isEmpty || services.contains($0.name) }
        guard meant.count == 1 || !takesOneService else {
            throw Problem(
                .usage, what: "`kubeforge \(name)\(arguments)` is about one service, and the inventory has several",
                fix: "name one of \(names.joined(separator: ", ")): --service \(names[0])")
        }
        return meant.map(cluster.only)
    }

    /// What was typed to name services, after a space.
    var serviceArguments: String { services.map { " --service \($0)" }.joined() }
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
}
