import ArgumentParser
import ForgeLab

struct LabReboot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reboot", abstract: "Reboot machines and wait until they answer again.")

    @OptionGroup var options: LabOptions

    @Option(help: "The inventory whose machines to reboot.")
    var inventory: String?

    @Argument(help: "Hosts to reboot (default: all).")
    var machines: [String] = []

    func run() async throws {
        try await options.changeableLab(inventory).reboot(machines)
    }
}
