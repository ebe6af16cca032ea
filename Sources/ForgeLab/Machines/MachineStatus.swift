import ForgeCore
import Foundation

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
        machine.layout.computer.exists(machine.folder)
            || (geteuid() != 0 && machine.layout.computer.exists(machine.layout.knownHosts))
    }
}
