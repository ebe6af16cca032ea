import ArgumentParser
import Foundation

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Build the inference service and roll it out on the cluster.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Flag(help: "Show what would change without changing anything.")
    var dryRun = false

    @Flag(help: "Pull the base image and build without Docker's cache. The image gets a new tag.")
    var rebuild = false

    @Option(
        help: ArgumentHelp(
            "Roll back if pods are not ready within this time: 90s, 5m. (default: 5m)", valueName: "time"),
        transform: DurationArgument.rollout)
    var timeout: Duration?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        let assembly = Assembly()
        let time = rebuild ? assembly.surroundings.now().formatted(.iso8601) : nil
        try await assembly.run(
            .deploy(isDryRun: dryRun, rebuiltAt: time, within: timeout ?? .seconds(300)), inventory: inventory, options)
    }
}

/// Where verbs look for an inventory that is not named.
let inventoryHelp: ArgumentHelp =
    "The inventory; without it $KUBEFORGE_INVENTORY, ./inventory.yaml, or the one that provision last succeeded with."
