import ForgeCore

/// Everything that shall be true of a fleet, in order. A value: it can be printed, compared with a golden file, and
/// run.
package struct Plan: Sendable {
    /// In the order in which they happen; each begins when the one before has ended on every host.
    package var stages: [Stage]
    /// Hosts whose failure ends the run after the stage it happened in; other failed hosts are set aside, and the rest
    /// continues.
    package var essential: Set<String>

    package init(stages: [Stage], essential: Set<String> = []) {
        self.stages = stages
        self.essential = essential
    }

    /// The same plan with a step of the host before all others.
    package func beginning(with step: any Step, on host: Host) -> Plan {
        var plan = self
        guard !plan.stages.isEmpty else { return plan }
        if let place = plan.stages[0].work.firstIndex(where: { $0.host.name == host.name }) {
            plan.stages[0].work[place].steps.insert(step, at: 0)
        } else {
            plan.stages[0].work.insert(Stage.Work(host: host, steps: [step]), at: 0)
        }
        return plan
    }

    /// Every question of one host, for the first round trip.
    package func questions(for host: String) -> [Question] {
        stages.flatMap { $0.steps(for: host) }.flatMap(\.questions).uniqued()
    }
}

/// Steps that may happen on all hosts at once; the next stage waits for them.
package struct Stage: Sendable {
    /// What is true after it: "container runtime is ready".
    package var name: String
    /// One entry for each host that takes part; the hosts' entries run side by side.
    package var work: [Work]
    /// Whether a host's later steps are looked at though an earlier one failed: preflights tell all findings at once.
    package var goesOnAfterFailure: Bool

    package init(_ name: String, goesOnAfterFailure: Bool = false, _ work: [Work]) {
        self.name = name
        self.work = work
        self.goesOnAfterFailure = goesOnAfterFailure
    }

    /// The same steps for each of the hosts, made by a closure that sees the host.
    package init(_ name: String, goesOnAfterFailure: Bool = false, on hosts: [Host], steps: (Host) -> [any Step]) {
        self.init(name, goesOnAfterFailure: goesOnAfterFailure, hosts.map { Work(host: $0, steps: steps($0)) })
    }

    /// The host's steps in this stage, in order; empty when it takes no part.
    package func steps(for host: String) -> [any Step] { work.filter { $0.host.name == host }.flatMap(\.steps) }

    /// One host's steps, in order.
    package struct Work: Sendable {
        /// It need not be connected: a host without a connection is set aside before the stage.
        package var host: Host
        /// One after the other; the rest is left out once one fails, unless the stage goes on after a failure.
        package var steps: [any Step]

        package init(host: Host, steps: [any Step]) {
            self.host = host
            self.steps = steps
        }
    }
}

extension Sequence where Element: Hashable {
    /// Each element once, where it first came.
    package func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
