import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeLab

struct LabUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "up", abstract: "Create and start the lab.")

    @OptionGroup var options: LabOptions

    @Option(help: ArgumentHelp("The distribution of all machines; overrides the inventory.", valueName: "name"))
    var distribution: LabSettings.Distribution?

    @OptionGroup var inventory: InventoryArgument

    func run() async throws {
        try await options.run("up", on: inventory, distribution: distribution) { lab, _ in
            try await lab.up()
            let rest = inventory.path.map { " \($0.shellQuoted)" } ?? ""
            let path = try options.choice(inventory).path.shellQuoted
            return ["kubeforge provision \(path)      (to remove it: kubeforge lab down\(rest))"]
        }
    }
}

extension LabSettings.Distribution: ExpressibleByArgument {}
