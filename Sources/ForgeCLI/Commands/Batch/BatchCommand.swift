import ArgumentParser

/// `kubeforge batch`: many rows at once, now or at set times.
struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Let the deployed models answer many rows, now or at set times.",
        subcommands: [BatchRunCommand.self, BatchSchedule.self, BatchList.self, BatchUnschedule.self])
}
