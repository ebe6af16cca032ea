import ForgeCore
import ForgeInventory

/// One machine of a lab: a host of the inventory, and what runs it.
struct Machine: Sendable {
    let host: Host
    let layout: LabLayout

    /// Its state on this computer.
    var folder: String { "\(layout.folder)/machines/\(host.name)" }

    var driver: any MachineDriver { layout.cluster.lab.driver.driver(of: self) }

    var installation: Installation { layout.cluster.lab.installation(of: host.name) }

    var disk: MachineDisk { MachineDisk(machine: self) }

    var console: String { "\(folder)/console.log" }

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
