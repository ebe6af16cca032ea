import ArgumentParser

/// `kubeforge batch`: many rows at once, now or at set times.
struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Run batch inference, now or on a schedule.",
        subcommands: [BatchRunCommand.self, BatchSchedule.self, BatchList.self, BatchUnschedule.self])
}
