import ForgeCore
import ForgeInventory

/// One machine of a lab: a host of the inventory, and what runs it.
struct Machine: Sendable {
    let host: Host
    let site: Site

    /// Its state on this computer.
    var folder: String { "\(site.folder)/machines/\(host.name)" }

    var driver: any MachineDriver { site.cluster.lab.driver.driver(of: self) }

    var installation: Installation { site.cluster.lab.installation(of: host.name) }

    var disk: MachineDisk { MachineDisk(machine: self) }

    var console: String { "\(folder)/console.log" }

    var cable: Cable { Cable(network: site.network, name: site.name, host: host, computer: site.computer) }

    /// Its processes, whatever runs it.
    var group: ProcessGroup { ProcessGroup(name: site.name.of(host.name), computer: site.computer) }

    func isRunning() async throws -> Bool { try await !group.processes().isEmpty }
}
