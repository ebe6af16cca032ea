import ArgumentParser

struct SmokeTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoke-test", abstract: "Ask the deployed service, and compare its answers with the right ones.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(.smokeTest, inventory: inventory, options)
    }
}
