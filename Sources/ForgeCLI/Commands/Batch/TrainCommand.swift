import ArgumentParser

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train both models in the cluster, with the image and the data of the deployed release.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Flag(help: "Show what the training prints while it works.")
    var follow = false

    @OptionGroup var options: SharedOptions

    func run() async throws {
        let assembly = Assembly()
        try await assembly.run(
            .train(isFollowed: follow, time: Timestamp(assembly.surroundings.now()).text), inventory: inventory, options
        )
    }
}
