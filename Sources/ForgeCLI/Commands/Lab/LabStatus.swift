import ArgumentParser
import ForgeLab
import ForgePlan

struct LabStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the lab's machines and their state.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryArgument

    func run() async throws {
        try await options.run("status", on: inventory, isChange: false) { lab, reporter in
            reporter.report(.table(MachineTable(try await lab.status()).table))
            return []
        }
    }
}

/// Machines as rows.
struct MachineTable {
    let table: Table

    init(_ machines: [MachineStatus]) {
        table = Table(
            of: "machine", columns: [.init("name", "name"), .init("address", "address"), .init("state", "state")],
            rows: machines.map { [$0.name, "\($0.address)", $0.state.rawValue] })
    }
}
