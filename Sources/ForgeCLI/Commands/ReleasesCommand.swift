import ArgumentParser

struct ReleasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "List releases: when, by whom, from which data, and their scores.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(.releases, inventory: inventory, options)
    }
}
