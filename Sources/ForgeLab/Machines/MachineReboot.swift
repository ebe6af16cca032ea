import ForgeCore

/// A machine's reboot, from the request until it lets the inventory's user in again. A machine that is off is started.
struct MachineReboot: Sendable {
    /// systemd's own limit for a service that does not stop is 90 s.
    private static let patience = Duration.seconds(120)

    let machine: Machine
    /// The machine's systemd-nspawn before the reboot; nil if it was off.
    let before: Int32?

    /// Asks for the reboot and does not wait.
    static func request(_ machine: Machine) async throws -> MachineReboot {
        guard try await machine.isRunning() else {
            try await machine.start()
            return MachineReboot(machine: machine, before: nil)
        }
        let before = machine.supervisor
        try await machine.requestReboot()
        return MachineReboot(machine: machine, before: before)
    }

    /// Waits for another systemd-nspawn; a machine that hangs while it stops has its power cut.
    func finish() async throws {
        let deadline = ContinuousClock.now + Self.patience
        while let before, machine.supervisor == before {
            guard ContinuousClock.now < deadline else {
                try await machine.start()
                break
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await MachineLogin(machine: machine).waitUntilOpen()
    }
}
