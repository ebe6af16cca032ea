import ArgumentParser

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what provision would change; the same as provision --dry-run.")

    @Argument(help: "The inventory: a YAML file that names the machines.")
    var inventory: String

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(.provision(isDryRun: true), inventory: inventory, options)
    }
}
