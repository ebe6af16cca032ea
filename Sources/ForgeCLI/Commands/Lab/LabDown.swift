import ArgumentParser
import ForgeLab

struct LabDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "Remove the lab. Caches are kept.")

    @OptionGroup var options: LabOptions

    @Argument(help: "The inventory whose machines to take down.")
    var inventory: String?

    func run() async throws {
        try await options.changeableLab(inventory).down()
    }
}
