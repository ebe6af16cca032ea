import ArgumentParser

struct ReleasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "Say what ran when, by whom, of which data, and how good it was.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(.releases, inventory: inventory, options)
    }
}
