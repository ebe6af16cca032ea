import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTemplates
import Foundation
import Logging

/// One run of a verb: from the inventory's file to the exit code.
package struct Run: Sendable {
    package var verb: Verb
    /// The inventory as an argument; nil leaves the choice to `InventoryChoice`.
    package var inventory: String?
    /// The folder of `--templates`.
    package var templates: String?
    /// Hosts worked on at once.
    package var width = 32
    package var surroundings: Surroundings
    package var interruption = Interruption()
    package var diagnostics = Logger(label: "kubeforge") { _ in SwiftLogNoOpLogHandler() }
    package var read: @Sendable (String) throws -> Cluster
    package var connect: Connect
    /// Whether the run that holds something is known to have ended: its process was one of this computer's.
    package var isEnded: @Sendable (Holder) -> Bool = ThisComputersProcesses.isEnded
    /// Told the hosts' names once the inventory is read, so that columns can be as wide as they are.
    package var onHosts: @Sendable ([String]) -> Void = { _ in }
    private let reporter: Broadcast
    private let record = RunRecord()
    private let running = RunningCommands()
    private let name = Holder.newRun()

    package init(
        _ verb: Verb, inventory: String?, surroundings: Surroundings, reporter: any Reporter,
        read: @escaping @Sendable (String) throws -> Cluster, connect: @escaping Connect
    ) {
        self.verb = verb
        self.inventory = inventory
        self.surroundings = surroundings
        self.reporter = Broadcast([reporter, record])
        self.read = read
        self.connect = connect
    }

    /// Does it all and tells it all; what is left is the exit code.
    package func finish() async -> Int32 {
        let began = surroundings.now()
        let work = Task { await attempt() }
        interruption.onPress { tell($0) { work.cancel() } }
        var ending = await work.value
        if interruption.isRequested && !verb.endsWhenInterrupted { ending.interrupt() }
        let seconds = surroundings.now().timeIntervalSince(began)
        reporter.report(.summary(Summary(outcome: ending.outcome, hosts: ending.hosts, seconds: seconds)))
        if !ending.next.isEmpty { reporter.report(.note("next  " + ending.next.joined(separator: "\n      "))) }
        return ending.exitCode
    }

    private func attempt() async -> Ending {
        do {
            let choice = try InventoryChoice.make(argument: inventory, surroundings)
            reporter.report(.note(choice.sentence))
            let cluster = try read(choice.path)
            try choice.check(cluster, surroundings)
            onHosts(verb.hosts(cluster).map(\.name))
            let templates = try Templates(overlay: templates)
            let lock = try verb.isExclusive && !verb.isDryRun ? takeLock(cluster.name) : nil
            defer { lock?.end() }
            return await work(on: cluster, templates, choice)
        } catch {
            return refuse(error)
        }
    }

    /// This run, for whoever meets what it holds.
    private var holder: Holder {
        Holder(
            run: name, person: surroundings.person, computer: ThisComputersProcesses.name, processID: surroundings.processID,
            since: surroundings.now().formatted(.iso8601), command: verb.name)
    }

    private func takeLock(_ cluster: String) throws(Problem) -> RunLock {
        let holder = RunLock.Holder(verb: verb.name, processID: surroundings.processID, since: surroundings.now())
        return try RunLock(cluster, in: StateFolder(surroundings), for: holder)
    }

    private func work(on cluster: Cluster, _ templates: Templates, _ choice: InventoryChoice) async -> Ending {
        let lease =
            verb.isDryRun
            ? nil
            : verb.lease.map {
                ClusterLease(
                    $0(cluster), for: holder, on: cluster.firstControlPlane,
                    isEnded: isEnded, connect: connect)
            }
        let fleet = await Fleet.connect(verb.hosts(cluster), width: width, rights: rights(lease)) { host in
            WatchedTransport(host: host.name, inner: try await connect(host), running: running, diagnostics: diagnostics)
        }
        if interruption.isRequested && !running.haveBegun {
            await fleet.close()
            if verb.endsWhenInterrupted { return Ending(outcome: .ok, exitCode: 0) }
            return Ending(outcome: .incomplete, exitCode: Problem.Kind.interrupted.exitCode, next: [again(choice)])
        }
        let lost = fleet.unreachable
        for (host, problem) in lost { reporter.report(.problem(problem, host: host)) }
        if fleet.reachable.isEmpty { return Ending(noneReached: lost) }
        let ending = await work(with: session(cluster, templates, fleet, choice, lease), choice)
        // A task of its own: this one may be cancelled, and what is held is given back all the same.
        await Task {
            await lease?.release()
            await fleet.close()
        }.value
        return ending
    }

    /// What it may do to machines; a run that changes nothing of them needs no lock.
    private func rights(_ lease: ClusterLease?) -> Rights? {
        if !verb.isExclusive { return nil }
        let lock = MachineLock(holder, keeps: verb.keepsMachines ? 600 : 0)
        return Rights(
            lock, isEnded: isEnded, isInterrupted: { [interruption] in interruption.isRequested }, fence: { try lease?.fence() })
    }

    private func session(
        _ cluster: Cluster, _ templates: Templates, _ fleet: Fleet, _ choice: InventoryChoice, _ lease: ClusterLease?
    ) -> Session {
        var options = Executor.Options(isDryRun: verb.isDryRun, width: width, isInterrupted: { interruption.isRequested })
        options.mayChange = { try await lease?.take() }
        return Session(
            cluster: cluster, templates: templates, fleet: fleet,
            executor: Executor(fleet: fleet, reporter: reporter, options: options),
            operatorKubeconfig: surroundings.kubeconfig, cache: surroundings.cache, person: surroundings.person,
            inventoryArgument: choice.argument(surroundings))
    }

    private func work(with session: Session, _ choice: InventoryChoice) async -> Ending {
        do {
            let plan = try await verb.makePlan(session)
            let result = await session.executor.run(plan)
            // A task of its own: this one may be cancelled, and could not tidy up any more.
            await Task { [verb] in await verb.afterwards(session) }.value
            var ending = Ending(result, essential: plan.essential, record)
            ending.next = await next(ending, session, choice)
            return ending
        } catch {
            var ending = refuse(error)
            for host in session.fleet.reachable { ending.hosts[host.name] = HostSummary(traffic: await session.fleet.traffic(host.name)) }
            for host in record.lostHosts { ending.hosts[host, default: HostSummary()].failed += 1 }
            return ending
        }
    }

    private func refuse(_ error: any Error) -> Ending {
        let problems = (error as? Problems)?.all ?? [Problem(error, on: verb.name)]
        for problem in problems { reporter.report(.problem(problem, host: nil)) }
        return Ending(outcome: .failed, exitCode: problems.first?.kind.exitCode ?? Problem.Kind.failed.exitCode)
    }

    private func next(_ ending: Ending, _ session: Session, _ choice: InventoryChoice) async -> [String] {
        if interruption.isRequested { return verb.endsWhenInterrupted ? [] : [again(choice)] }
        guard ending.outcome == .ok else { return ["see above what failed, then", again(choice)] }
        if verb.isDryRun { return [command(choice)] }
        if verb.remembersInventory { remember(choice) }
        return await verb.next(session)
    }

    private func command(_ choice: InventoryChoice) -> String {
        "kubeforge \(verb.name)\(verb.arguments) \(choice.path.shellQuoted)"
    }

    private func again(_ choice: InventoryChoice) -> String {
        "\(command(choice))\(verb.isDryRun ? " --dry-run" : verb.goesOn ? "   (it goes on where it stopped)" : "")"
    }

    private func remember(_ choice: InventoryChoice) {
        do throws(Problem) {
            try RememberedInventory(StateFolder(surroundings)).remember(surroundings.absolute(choice.path))
        } catch {
            reporter.report(.problem(error, host: nil))
        }
    }

    private func tell(_ press: Interruption.Press, stop: () -> Void) {
        switch press {
        case .first where verb.endsWhenInterrupted || !running.haveBegun: stop()
        case .first: reporter.report(.note("finishing the running step on each host; press again to stop waiting"))
        case .second:
            for command in running.all { reporter.report(.note(command.mayStillRun)) }
            stop()
        case .further: exit(Problem.Kind.interrupted.exitCode)
        }
    }
}
