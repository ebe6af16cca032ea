import ForgeCore

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
        let deadline = ContinuousClock.now + machine.driver.rebootLimit
        while let before {
            if let now = try await machine.driver.boot(), now != before { break }
            guard ContinuousClock.now < deadline else {
                try await machine.driver.start()
                break
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await MachineLogin(machine: machine).waitUntilOpen()
    }
}
