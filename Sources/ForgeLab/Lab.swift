import ForgeCore
import ForgeInventory
import ForgeTemplates

/// The machines of an inventory, made on this computer.
package struct Lab: Sendable {
    private let layout: LabLayout
    private let progress: LabProgress
    private let isSupplied: Bool

    /// A `Problem` if the inventory's machines cannot stand on one bridge. Without supplies the machines have SSH and
    /// nothing to install.
    package init(
        cluster: Cluster, cache: Cache, operatorFiles: OperatorFiles, templates: Templates, progress: LabProgress,
        isSupplied: Bool = true
    ) throws(Problem) {
        layout = try LabLayout(
            cluster: cluster, cache: cache, operatorFiles: operatorFiles, computer: LocalHost(), templates: templates)
        self.progress = progress
        self.isSupplied = isSupplied
    }

    /// Makes what is missing and starts what does not run, until every machine lets the inventory's user in.
    package func up() async throws {
        let artifacts = Artifacts(layout)
        let survey = try await Survey.take(layout)
        let missing = try await isSupplied ? artifacts.missing(survey) : []
        try demand(Preconditions(survey: survey, layout: layout).findings + missing)
        try await exclusively {
            if isSupplied {
                try await artifacts.make(progress: progress)
                try publishKey()
            }
            for installation in layout.installations {
                try await RootFileSystem(layout, installation).make(progress: progress)
            }
            try await MachineFiles(layout: layout).write()
            try await makeNetwork()
            try await forEachMachine(bringUp)
            try KnownHosts(layout: layout).write()
            try await forEachMachine(open)
        }
    }

    /// Takes everything away that `up` made, however far it came. The caches stay.
    package func down() async throws {
        try await demandAbility()
        try await exclusively { try await LabRemoval(layout: layout).run(progress) }
    }

    /// Reboots the named machines (all without a name) and waits until they let the inventory's user in again. One that
    /// is off is started.
    package func reboot(_ names: [String]) async throws {
        let machines =
            try names.isEmpty ? layout.machines : names.map { name throws(Problem) in try layout.machine(name) }
        try await demandAbility()
        guard layout.computer.exists(layout.knownHosts) else { throw notUp }
        try await exclusively {
            var reboots: [MachineReboot] = []
            for machine in machines { reboots.append(try await MachineReboot.request(machine)) }
            for reboot in reboots {
                try await progress.during(
                    "it is rebooted", of: reboot.machine.host.name, usually: "10 s", reboot.finish)
            }
        }
    }

    /// What runs and what does not, in the inventory's order.
    package func status() async throws -> [MachineStatus] {
        var all: [MachineStatus] = []
        for machine in layout.machines { all.append(try await MachineStatus(machine)) }
        return all
    }

    /// The command that opens a shell in a machine.
    package func shell(_ name: String) throws(Problem) -> Command {
        let machine = try layout.machine(name)
        guard layout.computer.exists(layout.knownHosts) else { throw notUp }
        return MachineLogin(machine: machine).command
    }

    /// For those who write an inventory.
    private func publishKey() throws(Problem) {
        let published = layout.operatorFiles.archiveKey
        guard let key = layout.computer.read("\(layout.cache.gnupg)/key.asc"), key != layout.computer.read(published)
        else { return }
        try layout.operatorFiles.write(published, key)
    }

    private func makeNetwork() async throws {
        let bridge = Bridge(network: layout.network, name: layout.name, computer: layout.computer)
        let wasThere = bridge.exists
        let title = "the network \(layout.network.subnet) and its servers are there"
        if wasThere {
            try await bridge.make()
            try await Servers(layout: layout).start()
            return progress.unchanged(title)
        }
        try await progress.during(title) {
            try await bridge.make()
            try await Servers(layout: layout).start()
        }
    }

    private func bringUp(_ machine: Machine) async throws {
        let (title, name) = ("it runs at \(machine.host.address)", machine.host.name)
        if try await machine.isRunning() { return progress.unchanged(title, of: name) }
        try await progress.during(title, of: name) {
            try await machine.driver.makeDisk(from: RootFileSystem(layout, machine.installation))
            if let warning = try await machine.driver.warning() { progress.warn(warning) }
            try await machine.driver.start()
        }
    }

    private func open(_ machine: Machine) async throws {
        let (title, name) = ("it lets \(machine.host.access.user) in over SSH", machine.host.name)
        let login = MachineLogin(machine: machine)
        if try await login.isOpen() { return progress.unchanged(title, of: name) }
        try await progress.during(title, of: name) { try await login.waitUntilOpen() }
    }

    /// All at once; one machine's failure does not stop the others half-way.
    private func forEachMachine(_ work: @escaping @Sendable (Machine) async throws -> Void) async throws {
        let failures = await withTaskGroup(of: (any Error)?.self) { group in
            for machine in layout.machines {
                group.addTask {
                    do { try await work(machine) } catch { return error }
                    return nil
                }
            }
            var failures: [any Error] = []
            for await case let failure? in group { failures.append(failure) }
            return failures
        }
        let problems = failures.compactMap { $0 as? Problem }
        if !problems.isEmpty { throw Problems(problems) }
        if let failure = failures.first { throw failure }
    }

    private var notUp: Problem {
        Problem(
            what: "the lab \(layout.cluster.name) is not up", fix: "kubeforge lab up \(layout.cluster.path.shellQuoted)"
        )
    }

    private func exclusively(_ work: () async throws -> Void) async throws {
        try layout.computer.makeFolder(layout.cache.run(""))
        let use = try ExclusiveUse(of: layout.cluster.name, lock: layout.lock)
        try await work()
        use.end()
    }

    private func demandAbility() async throws {
        try demand(Preconditions(survey: try await Survey.take(layout), layout: layout).ability)
    }

    private func demand(_ findings: [Problem]) throws {
        if !findings.isEmpty { throw Problems(findings) }
    }
}
