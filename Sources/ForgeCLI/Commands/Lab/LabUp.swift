import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeLab

struct LabUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "up", abstract: "Create and start the lab.")

    @OptionGroup var options: LabOptions

    @Option(help: ArgumentHelp("The distribution of all machines; overrides the inventory.", valueName: "name"))
    var distribution: LabSettings.Distribution?

    @Argument(help: "The inventory whose hosts to make.")
    var inventory: String?

    func run() async throws {
        try await options.changeableLab(inventory, distribution: distribution).up()
        let rest = inventory.map { " \($0.shellQuoted)" } ?? ""
        let path = try options.choice(inventory).path.shellQuoted
        LabReporter.next("kubeforge provision \(path)      (to remove it: kubeforge lab down\(rest))")
    }
}

extension LabSettings.Distribution: ExpressibleByArgument {}
