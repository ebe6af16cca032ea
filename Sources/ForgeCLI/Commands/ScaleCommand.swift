import ArgumentParser

struct ScaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Change the number of pods until the next deploy.",
        discussion: "A deploy goes back to the inventory's `replicas:`. With 0 pods the service answers nothing.")

    @Argument(help: ArgumentHelp("How many pods, from 0 to 1000.", valueName: "n"))
    var count: Int

    @Argument(help: inventoryHelp)
    var inventory: String?

    @OptionGroup var options: SharedOptions

    func validate() throws {
        if !(0...1000).contains(count) { throw ValidationError("\(count) pods: from 0 to 1000") }
    }

    func run() async throws {
        try await Assembly().run(.scale(to: count), inventory: inventory, options)
    }
}
