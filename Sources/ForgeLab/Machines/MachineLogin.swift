import ForgeCore

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
        let deadline = ContinuousClock.now + limit
        while true {
            let answer = try await attempt()
            if answer.isSuccess { return }
            guard try await machine.isRunning() else { throw ended }
            guard ContinuousClock.now < deadline else { throw closed(limit, answer.lastLine) }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    func isOpen() async throws -> Bool { try await attempt().isSuccess }

    private func attempt() async throws -> Output {
        try await machine.layout.computer.run(Command(command.words + ["-o", "BatchMode=yes", "true"]))
    }

    private var ended: Problem {
        let last = (machine.layout.computer.read(machine.driver.log) ?? "").split(separator: "\n").last.map(String.init)
        return Problem(
            what: "\(machine.host.name) does not run any more", why: last, fix: "look at \(machine.driver.log)")
    }

    private func closed(_ limit: Duration, _ last: String?) -> Problem {
        Problem(
            what: "\(machine.host.name) does not answer on SSH after \(limit.components.seconds) s", why: last,
            fix: "look at \(machine.console), or begin again: `kubeforge lab down`, `kubeforge lab up`")
    }
}

/// The machines' real host keys, read from their disks: nothing that answers on the network is believed.
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
