import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTemplates

/// What a run is for: its name, its work, and what it needs for it.
package struct Action: Sendable {
    /// The name as it is typed: `provision`.
    package var name: String
    /// Says what would change, and changes nothing.
    package var isDryRun: Bool
    /// Whether only one such run may work on a cluster at a time.
    package var isExclusive: Bool
    /// Whether its success makes its inventory the one that later runs take by themselves.
    package var remembersInventory: Bool
    /// What was typed after its name, but for the inventory: ` --shards 3`.
    package var arguments = ""
    /// How its dry run is typed, but for the inventory; nil: `plan` before it.
    package var dryRunCommand: String?
    /// What leads to the run itself after a dry run that failed on some hosts; nil where failures must be fixed first.
    package var despiteFailures: String?
    /// Whether the same command resumes where this one stopped; a batch run starts over.
    package var goesOn = true
    /// Whether every line that its steps tell is shown, as with `--verbose`.
    package var showsOutput = false
    /// Whether Ctrl-C is its ordinary end: it only watches, and nothing is left undone.
    package var endsWhenInterrupted = false
    /// The cluster's Lease that it needs before its first change.
    package var lease: (@Sendable (Cluster) -> LeasePlace)?
    /// Whether no other run may change its machines between its commands, either.
    package var keepsMachines = false
    /// Whether it is about one service, and is run for each of those that are meant.
    package var isPerService = true
    /// The services that are meant, as they were typed; none means all.
    package var services: [String] = []
    /// Whether it can be about several: not what is said of one release, one input or one place for results.
    package var takesOneService = false
    /// The hosts that it needs.
    package var hosts: @Sendable (Cluster) -> [Host] = { $0.hosts }
    /// A plan to carry out or a question to ask, made when the hosts are connected.
    package var work: Work
    /// What is done when its plan has ended, however that was, while the hosts are still connected.
    package var afterwards: @Sendable (ActionContext) async -> Void = { _ in }
    /// What to type next when all went well, line by line; made while the hosts are still connected.
    package var next: @Sendable (ActionContext) async -> [String]

    /// What an action does with the hosts that it needs.
    package enum Work: Sendable {
        /// Everything that shall be true, made when the hosts are connected.
        case plan(@Sendable (ActionContext) async throws -> Plan)
        /// Only asks, and tells what it finds as events.
        case query(@Sendable (ActionContext) async throws -> Void)
    }

    /// `next`: what to type when all went well.
    package init(
        _ name: String, isDryRun: Bool = false, isExclusive: Bool = true, remembersInventory: Bool = false,
        plan: @escaping @Sendable (ActionContext) async throws -> Plan,
        next: @escaping @Sendable (ActionContext) async -> [String] = { _ in [] }
    ) {
        self.init(
            name, isDryRun: isDryRun, isExclusive: isExclusive, remembersInventory: remembersInventory,
            work: .plan(plan), next: next)
    }

    private init(
        _ name: String, isDryRun: Bool = false, isExclusive: Bool, remembersInventory: Bool = false, work: Work,
        next: @escaping @Sendable (ActionContext) async -> [String]
    ) {
        self.name = name
        self.isDryRun = isDryRun
        self.isExclusive = isExclusive
        self.remembersInventory = remembersInventory
        self.work = work
        self.next = next
    }

    /// One that changes nothing, of the first control plane.
    package static func query(
        _ name: String, ask: @escaping @Sendable (ActionContext) async throws -> Void,
        next: @escaping @Sendable (ActionContext) async -> [String] = { _ in [] }
    ) -> Action {
        var action = Action(name, isExclusive: false, work: .query(ask), next: next)
        action.goesOn = false
        return action.onFirstControlPlane()
    }

    /// The same action, holding the Lease while it changes something.
    func holding(_ lease: @escaping @Sendable (Cluster) -> LeasePlace) -> Action {
        var action = self
        action.lease = lease
        return action
    }

    /// The same action, for the first control plane alone.
    func onFirstControlPlane() -> Action {
        var action = self
        action.hosts = { [$0.firstControlPlane] }
        return action
    }
}

/// Opens the connection to a host: over SSH in earnest, to a script in tests.
package typealias Connect = @Sendable (Host) async throws -> any Transport

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

/// A run whose hosts are connected: what an action works with.
package struct ActionContext: Sendable {
    /// The inventory that was read, with every default filled in.
    package let cluster: Cluster
    /// The built-in templates, with those of `--templates` in their place where they have the same path.
    package let templates: Templates
    /// The connections to the action's hosts, those that failed included.
    package let fleet: Fleet
    /// Runs plans with the run's options, and holds its reporter.
    package let executor: Executor
    /// The user's kubectl configuration on this computer.
    package let operatorKubeconfig: String
    /// The directory on this computer for what can be made again.
    package let cache: String
    /// Who runs kubeforge: `user@computer`.
    package let person: String
    /// What follows a command so that it takes the same inventory: a path after a space, or nothing.
    package let inventoryArgument: String

    /// Asks every reachable host its questions, for a plan that depends on the answers. A host that gives none has
    /// failed, and that is told.
    package func ask(_ questions: @escaping @Sendable (Host) -> [Question]) async -> [String: Answers] {
        var answers: [String: Answers] = [:]
        for (name, look) in await fleet.ask(width: executor.options.width, questions).sorted(by: { $0.key < $1.key }) {
            switch look {
            case .success(let answer): answers[name] = answer
            case .failure(let problem): executor.reporter.report(.problem(problem, host: name))
            }
        }
        return answers
    }

    /// The first control plane, as something that can only be asked.
    package func firstControlPlane() throws -> (host: Host, transport: any Transport) {
        let host = cluster.firstControlPlane
        return (host, try fleet.transport(host.name))
    }

    /// Looks each second until it is done, at most so long; the first Ctrl-C ends it.
    package func wait(within limit: Duration, until isDone: () async throws -> Bool) async throws {
        _ = try await poll(within: limit) {
            if executor.options.isInterrupted() {
                throw Problem(.interrupted, what: "stopped waiting", fix: "run it again to continue")
            }
            try await Task.sleep(for: .seconds(1))
        } until: {
            try await isDone()
        }
    }

    /// Tells something that belongs to no step, past the executor.
    package func report(_ event: Event) { executor.reporter.report(event) }
}
