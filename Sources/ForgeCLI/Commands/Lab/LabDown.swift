import ArgumentParser
import ForgeLab

struct LabDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "Remove the lab. Caches are kept.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryArgument

    func run() async throws {
        try await options.run("down", on: inventory) { lab, _ in
            try await lab.down()
            return []
        }
    }
}
