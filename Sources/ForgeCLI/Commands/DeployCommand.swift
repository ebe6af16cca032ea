import ArgumentParser

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Build the inference service and roll it out on the cluster.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Flag(help: "Say what would change; change nothing.")
    var dryRun = false

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(.deploy(isDryRun: dryRun), inventory: inventory, options)
    }
}

/// Where verbs look for an inventory that is not named.
let inventoryHelp: ArgumentHelp =
    "The inventory; without it $KUBEFORGE_INVENTORY, ./inventory.yaml, or the one that provision last succeeded with."
