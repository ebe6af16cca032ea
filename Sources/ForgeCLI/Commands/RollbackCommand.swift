import ArgumentParser

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Bring back a release that ran before.",
        discussion: "The next deploy brings the present code and data again.")

    @Argument(
        help: ArgumentHelp("The beginning of its tag, as `kubeforge releases` shows it; without it the release before the one that runs."))
    var release: String?

    @Option(help: inventoryHelp)
    var inventory: String?

    @Flag(help: "Say what would change; change nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("How long pods may take to be ready before it is undone: 90s, 5m. (default: 5m)", valueName: "time"),
        transform: TimeText.rollout)
    var timeout: Duration?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        let verb = Verb.rollback(to: release, isDryRun: dryRun, within: timeout ?? .seconds(300))
        try await Assembly().run(verb, inventory: inventory, options)
    }
}
