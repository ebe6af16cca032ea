import ForgeCore
import ForgeInventory
import ForgeTemplates
import Glibc

/// One machine of a lab: a host of the inventory, and what runs it.
struct Machine: Sendable {
    let host: Host
    let layout: LabLayout

    /// Its state on this computer.
    var directory: String { "\(layout.directory)/machines/\(host.name)" }

    var driver: any MachineDriver { layout.cluster.lab.driver.driver(of: self) }

    var installation: Installation { layout.cluster.lab.installation(of: host.name) }

    var disk: MachineDisk { MachineDisk(machine: self) }

    var console: String { "\(directory)/console.log" }

    var vethPair: VethPair {
        VethPair(network: layout.network, name: layout.name, host: host, computer: layout.computer)
    }

    /// Its processes, whatever runs it.
    var group: Cgroup { Cgroup(name: layout.name.of(host.name), computer: layout.computer) }

    func isRunning() async throws -> Bool { driver.isSupervising(try await group.processes()) }
}

extension LabLayout {
    var machines: [Machine] { cluster.hosts.map { Machine(host: $0, layout: self) } }

    func machine(_ name: String) throws(Problem) -> Machine {
        if let machine = machines.first(where: { $0.host.name == name }) { return machine }
        let known = machines.map(\.host.name).joined(separator: ", ")
        throw Problem(.usage, what: "the lab \(cluster.name) has no machine \(name)", fix: "its machines are: \(known)")
    }
}

/// Writes out what shells on the host run and what machines get: `templates/lab/machine`, keys, and what this kernel
/// makes necessary.
struct MachineFiles: Sendable {
    let layout: LabLayout

    func write() async throws {
        let kernel = Kernel(computer: layout.computer)
        for (name, text) in layout.templates.directory("lab/machine")
        where name != "runc" || !kernel.hasResourceCapability {
            try layout.computer.replace("\(layout.files)/\(name)", with: text)
        }
        for (name, text) in layout.templates.directory("lab/vm") where layout.cluster.lab.driver == .vm {
            try layout.computer.replace("\(layout.files)/vm/\(name)", with: text)
        }
        try layout.computer.replace("\(layout.files)/built-in", with: kernel.builtIn.joined(separator: "\n") + "\n")
        try layout.computer.replace(
            "\(layout.files)/authorized_keys", with: try await keys().joined(separator: "\n") + "\n")
        if let key = layout.computer.read("\(layout.cache.gnupg)/key.asc") {
            try layout.computer.replace("\(layout.files)/key.asc", with: key)
        }
    }

    /// The lab's own key, and those that the inventory names.
    private func keys() async throws -> [String] {
        let own = layout.operatorFiles.sshKey
        if !layout.computer.exists(own) { try await makeKey(own) }
        let paths = [own] + layout.cluster.hosts.compactMap(\.access.keyPath)
        let keys = paths.compactMap { layout.computer.read($0 + ".pub") }.map { $0.trimming(while: \.isWhitespace) }
        return Array(Set(keys)).sorted()
    }

    /// Made where only root reads; the private half gets its place last, since that is what is looked for.
    private func makeKey(_ path: String) async throws {
        let new = "\(layout.directory)/id_ed25519"
        for old in [new, new + ".pub"] where layout.computer.exists(old) { try layout.computer.remove(old) }
        try await layout.computer.finish(
            Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kubeforge-lab", "-f", Word(new)))
        for (suffix, mode) in [(".pub", 0o644), ("", 0o600)] {
            guard let text = layout.computer.read(new + suffix) else {
                throw Problem(what: "ssh-keygen wrote no \(new)\(suffix)")
            }
            try layout.operatorFiles.write(path + suffix, text, mode: mode)
            try layout.computer.remove(new + suffix)
        }
    }
}

/// A machine's reboot, from the request until it lets the inventory's user in again. A machine that is off is started.
struct MachineReboot: Sendable {
    let machine: Machine
    /// The machine's boot before the reboot; nil if it was off.
    let before: String?

    /// Asks for the reboot and does not wait.
    static func request(_ machine: Machine) async throws -> MachineReboot {
        guard try await machine.isRunning() else {
            try await machine.driver.start()
            return MachineReboot(machine: machine, before: nil)
        }
        let before = try await machine.driver.boot()
        try await machine.driver.requestReboot()
        return MachineReboot(machine: machine, before: before)
    }

    /// Waits for another boot; a machine that hangs while it stops has its power cut.
    func finish() async throws {
        if let before {
            let (computer, limit) = (machine.layout.computer, machine.driver.rebootLimit)
            let isOther = try await computer.poll(within: limit, every: .milliseconds(100)) {
                guard let now = try await machine.driver.boot() else { return false }
                return now != before
            }
            if !isOther { try await machine.driver.start() }
        }
        try await MachineLogin(machine: machine).waitUntilOpen()
    }
}

/// What a person asks about a lab's machine.
package struct MachineStatus: Sendable, Hashable {
    /// The host's name in the lab's inventory.
    package let name: String
    /// On the lab's own network, which only this computer reaches.
    package let address: IPv4Address
    /// What there is of it now, as far as this user can see.
    package let state: State

    /// From nothing to running; a machine that was powered off keeps its disk.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// There is nothing of it.
        case absent
        /// Its disk is there.
        case off
        /// Its processes run; SSH is another question.
        case running
    }

    init(_ machine: Machine) async throws {
        name = machine.host.name
        address = machine.host.address
        state =
            if try await machine.isRunning() { .running } else if Self.isMade(machine) { .off } else { .absent }
    }

    /// Only root sees the disks; the host keys are where the operator sees them.
    private static func isMade(_ machine: Machine) -> Bool {
        machine.layout.computer.exists(machine.directory)
            || (geteuid() != 0 && machine.layout.computer.exists(machine.layout.knownHosts))
    }
}

/// SSH into a lab's machine, with its real host keys and nobody's configuration.
struct MachineLogin: Sendable {
    let machine: Machine

    var command: Command {
        let access = machine.host.access
        let layout = machine.layout
        return Command(
            "ssh", "-F", "none", "-i", Word(access.keyPath ?? layout.operatorFiles.sshKey), "-o",
            "UserKnownHostsFile=\(layout.knownHosts)",
            "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes", "-o",
            "ConnectTimeout=\(machine.driver.patience)",
            "-p", "\(access.port)", "\(access.user)@\(machine.host.address)")
    }

    /// Waits until the machine lets the inventory's user in.
    func waitUntilOpen() async throws {
        let limit = machine.driver.bootLimit
        var last: String?
        let isOpen = try await machine.layout.computer.poll(within: limit, every: .milliseconds(200)) {
            let answer = try await attempt()
            last = answer.lastLine
            if answer.isSuccess { return true }
            guard try await machine.isRunning() else { throw ended }
            return false
        }
        guard isOpen else { throw closed(limit, last) }
    }

    func isOpen() async throws -> Bool { try await attempt().isSuccess }

    private func attempt() async throws -> Output {
        try await machine.layout.computer.run(Command(command.words + ["-o", "BatchMode=yes", "true"]))
    }

    private var ended: Problem {
        let last = (machine.layout.computer.read(machine.driver.log) ?? "").split(separator: "\n").last.map(String.init)
        return Problem(
            what: "\(machine.host.name) is no longer running", why: last, fix: "look at \(machine.driver.log)")
    }

    private func closed(_ limit: Duration, _ last: String?) -> Problem {
        Problem(
            what: "\(machine.host.name) does not answer on SSH after \(limit.components.seconds) s", why: last,
            fix: "look at \(machine.console), or start over: `kubeforge lab down`, `kubeforge lab up`")
    }
}

/// The machines' real host keys, read from their disks: nothing that answers on the network is trusted.
struct KnownHosts: Sendable {
    let layout: LabLayout

    func write() throws(Problem) {
        let lines = layout.machines.flatMap { machine in
            ["ed25519", "ecdsa", "rsa"].compactMap { kind in
                layout.computer.read("\(machine.driver.hostKeys)/ssh_host_\(kind)_key.pub").map {
                    line(machine.host, $0)
                }
            }
        }
        try layout.operatorFiles.write(layout.knownHosts, lines.joined())
    }

    private func line(_ host: Host, _ key: String) -> String {
        let address = host.access.port == 22 ? "\(host.address)" : "[\(host.address)]:\(host.access.port)"
        return ([Substring(address)] + key.split(separator: " ").prefix(2)).joined(separator: " ").trimming(
            while: \.isWhitespace) + "\n"
    }
}
