import ArgumentParser
import ForgeLab

struct LabReboot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reboot", abstract: "Reboot machines and wait until they answer again.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryOption

    @Argument(help: "Hosts to reboot (default: all).")
    var machines: [String] = []

    func run() async throws {
        try await options.run("reboot", on: inventory) { lab, _ in
            try await lab.reboot(machines)
            return []
        }
    }
}
