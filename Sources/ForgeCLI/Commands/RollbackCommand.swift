import ArgumentParser

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Bring back a release that ran before.",
        discussion: "The next deploy brings the present code and data again.")

    @Argument(
        help: ArgumentHelp("Tag prefix of the release, as `kubeforge releases` shows it (default: the previous one)."))
    var release: String?

    @Option(help: inventoryHelp)
    var inventory: String?

    @Flag(help: "Show what would change without changing anything.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("Undo it if pods are not ready within this time: 90s, 5m. (default: 5m)", valueName: "time"),
        transform: DurationArgument.rollout)
    var timeout: Duration?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        let action = Action.rollback(to: release, isDryRun: dryRun, within: timeout ?? .seconds(300))
        try await Assembly().run(action, inventory: inventory, options)
    }
}
