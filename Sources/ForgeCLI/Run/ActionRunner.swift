import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTemplates
import Foundation
import Logging

/// One run of an action: from the inventory's file to the exit code.
package struct ActionRunner: Sendable {
    /// What is run; its name appears in locks, in the last line and in what to type next.
    package var action: Action
    /// The inventory as an argument; nil leaves the choice to `InventoryChoice`.
    package var inventory: String?
    /// The directory of `--templates`.
    package var templates: String?
    /// Hosts worked on at once.
    package var width = 32
    /// The computer that kubeforge runs on, its streams included.
    package var surroundings: ProcessEnvironment
    /// Shared with the signal handlers, and in tests with whoever presses Ctrl-C.
    package var cancellation = CancellationSource()
    /// Gets every command with its exit code and duration; discards all of it unless another logger is given.
    package var diagnostics = Logger(label: "kubeforge") { _ in SwiftLogNoOpLogHandler() }
    /// Reads the inventory at a path as the user named it. Throws `Problems` with all that is wrong in the file.
    package var read: @Sendable (String) throws -> Cluster
    /// Called once for each host that the action needs, for several of them at once.
    package var connect: Connect
    /// Whether the run that holds something is known to have ended: its process was one of this computer's.
    package var isEnded: @Sendable (Holder) -> Bool = LocalProcesses.isEnded
    /// Told the hosts' names once the inventory is read, so that columns can be as wide as they are.
    package var onHosts: @Sendable ([String]) -> Void = { _ in }
    private let reporter: CompositeReporter
    private let record = FailureRecorder()
    private let running = RunningCommands()
    private let name = Holder.newRun()

    package init(
        _ action: Action, inventory: String?, surroundings: ProcessEnvironment, reporter: any Reporter,
        read: @escaping @Sendable (String) throws -> Cluster, connect: @escaping Connect
    ) {
        self.action = action
        self.inventory = inventory
        self.surroundings = surroundings
        self.reporter = CompositeReporter([reporter, record])
        self.read = read
        self.connect = connect
    }

    /// Runs the action and reports everything; returns the exit code.
    package func finish() async -> Int32 {
        let began = surroundings.now()
        let work = Task { await attempt() }
        // Not the run itself, which has the interruption: neither would ever be freed.
        cancellation.onRequest { [running, reporter, ends = action.endsWhenInterrupted] request in
            Self.tell(request, running, reporter, endsAtOnce: ends) { work.cancel() }
        }
        var ending = await work.value
        if cancellation.isRequested && !action.endsWhenInterrupted { ending.interrupt() }
        let seconds = surroundings.now().timeIntervalSince(began)
        reporter.report(.summary(Summary(outcome: ending.outcome, hosts: ending.hosts, seconds: seconds)))
        reporter.tell(next: ending.next)
        return ending.exitCode
    }

    private func attempt() async -> RunOutcome {
        do {
            let choice = try InventoryChoice.make(argument: inventory, surroundings)
            reporter.report(.note(choice.sentence))
            let cluster = try read(choice.path)
            try choice.check(cluster, surroundings)
            onHosts(action.hosts(cluster).map(\.name))
            let templates = try Templates(overlay: templates)
            let views = try action.views(of: cluster)
            let lock = try action.isExclusive && !action.isDryRun ? takeLock(cluster.name) : nil
            defer { lock?.end() }
            return await work(on: views, templates, choice)
        } catch {
            return refuse(error)
        }
    }

    /// This run, for whoever meets what it holds.
    private var holder: Holder {
        Holder(
            run: name, person: surroundings.person, computer: LocalProcesses.name, processID: surroundings.processID,
            since: surroundings.now().formatted(.iso8601), command: action.name)
    }

    private func takeLock(_ cluster: String) throws(Problem) -> RunLock {
        let holder = RunLock.Holder(action: action.name, processID: surroundings.processID, since: surroundings.now())
        return try RunLock(cluster, in: StateDirectory(surroundings), for: holder)
    }

    /// One service after the other, each with its own connections and its own Lease; a failure of one is no reason to
    /// leave out the next.
    private func work(on views: [Cluster], _ templates: Templates, _ choice: InventoryChoice) async -> RunOutcome {
        var all: RunOutcome?
        for cluster in views {
            if views.count > 1 { reporter.report(.note("service \(cluster.service.name)")) }
            let one = await work(on: cluster, templates, choice)
            all = all?.and(one) ?? one
            if cancellation.isRequested { break }
        }
        return all ?? RunOutcome(outcome: .ok, exitCode: 0)
    }

    private func work(on cluster: Cluster, _ templates: Templates, _ choice: InventoryChoice) async -> RunOutcome {
        let lease =
            action.isDryRun
            ? nil
            : action.lease.map {
                ClusterLease(
                    $0(cluster), for: holder, on: cluster.firstControlPlane,
                    isEnded: isEnded, connect: connect)
            }
        let fleet = await Fleet.connect(action.hosts(cluster), width: width, rights: rights(lease)) { host in
            LoggingTransport(
                host: host.name, inner: try await connect(host), running: running, diagnostics: diagnostics)
        }
        if cancellation.isRequested && !running.haveBegun {
            await fleet.close()
            if action.endsWhenInterrupted { return RunOutcome(outcome: .ok, exitCode: 0) }
            return RunOutcome(outcome: .incomplete, exitCode: Problem.Kind.interrupted.exitCode, next: [again(choice)])
        }
        let lost = fleet.unreachable
        for (host, problem) in lost { reporter.report(.problem(problem, host: host)) }
        if fleet.reachable.isEmpty { return RunOutcome(noneReached: lost) }
        let ending = await work(with: session(cluster, templates, fleet, choice, lease), choice)
        // A task of its own: this one may be cancelled, and what is held must still be released.
        await Task {
            await lease?.release()
            await fleet.close()
        }.value
        return ending
    }

    /// What it may do to machines; a run that changes nothing of them needs no lock.
    private func rights(_ lease: ClusterLease?) -> Rights? {
        if !action.isExclusive { return nil }
        let lock = MachineLock(holder, keeps: action.keepsMachines ? 600 : 0)
        return Rights(
            lock, isEnded: isEnded, isInterrupted: { [cancellation] in cancellation.isRequested },
            fence: { try lease?.fence() })
    }

    private func session(
        _ cluster: Cluster, _ templates: Templates, _ fleet: Fleet, _ choice: InventoryChoice, _ lease: ClusterLease?
    ) -> ActionContext {
        var options = Executor.Options(
            isDryRun: action.isDryRun, width: width, isInterrupted: { cancellation.isRequested })
        options.mayChange = { try await lease?.take() }
        return ActionContext(
            cluster: cluster, templates: templates, fleet: fleet,
            executor: Executor(fleet: fleet, reporter: reporter, options: options),
            operatorKubeconfig: surroundings.kubeconfig, cache: surroundings.cache, person: surroundings.person,
            inventoryArgument: choice.argument(surroundings) + action.serviceArguments)
    }

    private func work(with session: ActionContext, _ choice: InventoryChoice) async -> RunOutcome {
        do {
            let (result, essential) = try await result(session)
            // A task of its own: this one may be cancelled, and could not tidy up any more.
            if !action.isDryRun { await Task { [action] in await action.afterwards(session) }.value }
            var ending = RunOutcome(result, essential: essential, record)
            ending.next = await next(ending, session, choice)
            return ending
        } catch {
            var ending = refuse(error)
            for host in session.fleet.reachable {
                ending.hosts[host.name] = HostSummary(traffic: await session.fleet.traffic(host.name))
            }
            for host in record.lostHosts { ending.hosts[host, default: HostSummary()].failed += 1 }
            return ending
        }
    }

    /// What became of each host, and of whom the run depends on.
    private func result(_ session: ActionContext) async throws -> (RunResult, essential: Set<String>) {
        switch action.work {
        case .plan(let make):
            let plan = try await make(session)
            return (await session.executor.run(plan), plan.essential)
        case .query(let ask):
            try await ask(session)
            return (await session.executor.result(), Set(action.hosts(session.cluster).map(\.name)))
        }
    }

    private func refuse(_ error: any Error) -> RunOutcome {
        let problems = Problems(error, on: action.name)
        for problem in problems.all { reporter.report(.problem(problem, host: nil)) }
        return RunOutcome(outcome: .failed, exitCode: problems.exitCode)
    }

    private func next(_ ending: RunOutcome, _ session: ActionContext, _ choice: InventoryChoice) async -> [String] {
        if cancellation.isRequested { return action.endsWhenInterrupted ? [] : [again(choice)] }
        guard ending.outcome == .ok else {
            let despite = ending.hosts.values.contains { $0.wouldChange > 0 } ? action.despiteFailures : nil
            return ["fix the failures above, then run", again(choice)] + (despite.map { [$0, command(choice)] } ?? [])
        }
        if action.isDryRun {
            // Where nothing would change, the run itself need not be proposed.
            let isDone = ending.hosts.values.allSatisfy { $0.wouldChange == 0 }
            return isDone ? await action.next(session) : [command(choice)]
        }
        if action.remembersInventory { remember(choice) }
        return await action.next(session)
    }

    private func command(_ choice: InventoryChoice) -> String {
        "kubeforge \(action.name)\(action.serviceArguments)\(action.arguments) \(choice.path.shellQuoted)"
    }

    private func again(_ choice: InventoryChoice) -> String {
        if action.isDryRun {
            let dryRun = action.dryRunCommand ?? "plan \(action.name)\(action.arguments)"
            return "kubeforge \(dryRun) \(choice.path.shellQuoted)"
        }
        return "\(command(choice))\(action.goesOn ? "   (resumes where it stopped)" : "")"
    }

    /// A pipe, such as <(command), is gone with its shell.
    private func remember(_ choice: InventoryChoice) {
        var status = stat()
        let isThere = stat(surroundings.absolute(choice.path), &status) == 0
        if isThere && status.st_mode & S_IFMT != S_IFREG { return }
        do throws(Problem) {
            try RememberedInventory(StateDirectory(surroundings)).remember(surroundings.absolute(choice.path))
        } catch {
            reporter.report(.problem(error, host: nil))
        }
    }

    private static func tell(
        _ request: CancellationSource.Request, _ running: RunningCommands, _ reporter: CompositeReporter,
        endsAtOnce: Bool, stop: () -> Void
    ) {
        switch request {
        case .first where endsAtOnce || !running.haveBegun: stop()
        case .first: reporter.report(.note("finishing the current step on each host; press Ctrl-C again to stop now"))
        case .second:
            for command in running.all { reporter.report(.note(command.mayStillRun)) }
            stop()
        case .further: exit(Problem.Kind.interrupted.exitCode)
        }
    }
}
