import ArgumentParser
import ForgeLab

struct LabStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the lab's machines and their state.")

    @OptionGroup var options: LabOptions

    @Argument(help: "The inventory whose machines to look for.")
    var inventory: String?

    func run() async throws {
        let machines = try await options.lab(inventory).status()
        let width = machines.map(\.name.count).max() ?? 0
        for machine in machines {
            let name = machine.name + String(repeating: " ", count: width - machine.name.count)
            print("\(name)  \(machine.address)  \(machine.state.rawValue)")
        }
    }
}
