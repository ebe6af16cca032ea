import ArgumentParser

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Build the inference service and roll it out on the cluster.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Flag(help: "Show what would change without changing anything.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Roll back if pods are not ready within this time: 90s, 5m. (default: 5m)", valueName: "time"),
        transform: DurationArgument.rollout)
    var timeout: Duration?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(
            .deploy(isDryRun: dryRun, within: timeout ?? .seconds(300)), inventory: inventory, options)
    }
}

/// Where verbs look for an inventory that is not named.
let inventoryHelp: ArgumentHelp =
    "The inventory; without it $KUBEFORGE_INVENTORY, ./inventory.yaml, or the one that provision last succeeded with."
