import ArgumentParser

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List the service's batch runs, trainings and schedules.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @OptionGroup var options: SharedOptions

    func run() async throws {
        try await Assembly().run(.jobs, inventory: inventory, options)
    }
}
