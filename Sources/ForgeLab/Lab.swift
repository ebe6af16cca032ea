import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation

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
        let title = "the network \(layout.network.subnet) and its servers are up"
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
        try layout.computer.makeDirectory(layout.cache.run(""))
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

/// Takes a lab away. It goes by names, not by records, so that it also finds what a killed `up` or a killed machine
/// left.
private struct LabRemoval: Sendable {
    let layout: LabLayout

    func run(_ progress: LabProgress) async throws {
        try await progress.during("the machines and servers of \(layout.cluster.name) are removed", endProcesses)
        try await progress.during("the network \(layout.network.subnet) is removed", removeNetwork)
        try await progress.during("the files of \(layout.cluster.name) are removed", removeFiles)
    }

    /// The power supplies first: they would start a machine again.
    private func endProcesses() async throws {
        let groups = try await Cgroup.all(layout.name, layout.computer)
        let powers = groups.filter { $0.name.hasSuffix(NspawnDriver.powerSuffix) }
        for group in powers + groups { try await group.end() }
    }

    private func removeNetwork() async throws {
        for namespace in NetworkNamespace.names(layout.name, layout.computer) {
            try await NetworkNamespace.remove(namespace, layout.computer)
        }
        try await NetworkNamespace.removeDirectoryIfEmpty(layout.computer)
        let bridge = Bridge(network: layout.network, name: layout.name, computer: layout.computer)
        guard bridge.isOurs || !bridge.exists else { return }
        for link in VethPair.links(of: layout.network, layout.computer) { try await link.remove() }
        try await bridge.remove()
    }

    private func removeFiles() async throws {
        for machine in layout.computer.names(in: "\(layout.directory)/machines") {
            try await NspawnLeftovers(
                root: "\(layout.directory)/machines/\(machine)/root", machine: layout.name.of(machine)
            ).remove(layout.computer)
        }
        try await Mounts.unmount(below: layout.directory, layout.computer)
        let directories = [layout.directory, layout.operatorFiles.directory(of: layout.cluster.name), layout.lock].map {
            Word($0)
        }
        try await layout.computer.finish(
            Command(["rm", "-rf", "--one-file-system"] + directories).within(.seconds(3600)))
    }
}

/// What systemd-nspawn leaves below /run when it is killed.
private struct NspawnLeftovers: Sendable {
    private static let directory = "/run/systemd/nspawn"

    let root: String
    let machine: String

    func remove(_ computer: LocalHost) async throws {
        _ = try await computer.run(Command("rmdir", "\(Self.directory)/propagate/\(machine)"))
        let inode = try await computer.run(Command("stat", "--format=%d:%i", Word(root)))
        guard inode.isSuccess else { return }
        let lock = "\(Self.directory)/locks/inode-\(inode.text.trimming(while: \.isWhitespace))"
        if computer.exists(lock) { try computer.remove(lock) }
    }
}

/// One kubeforge at a time for one lab: a lock that the kernel takes back from a killed process.
private struct ExclusiveUse: ~Copyable {
    private let descriptor: Int32

    init(of cluster: String, lock path: String) throws(Problem) {
        // O_CLOEXEC: the lab's machines outlive this process and must not hold its lock.
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Problem(what: "cannot open \(path)", why: String(cString: strerror(errno))) }
        // `deinit` closes it after a throw, too.
        guard (try? LocalFile.lock(descriptor)) == true else {
            throw Problem(
                what: "the lab \(cluster) is in use by another kubeforge run",
                fix: "wait for it, or end it, and try again")
        }
    }

    /// Explicit, so that nobody ends it earlier by dropping the value.
    consuming func end() {}

    deinit { if descriptor >= 0 { close(descriptor) } }
}
