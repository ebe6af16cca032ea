import ArgumentParser

/// What can be typed.
struct Kubeforge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeforge",
        abstract: "From two bare machines to a model that answers.",
        discussion: """
            Exit codes: 0 done; 1 failed; 2 incomplete (some hosts failed, the rest is done); 3 the inventory is \
            invalid; 4 no host could be reached; 5 another run holds it; 64 usage; 130 interrupted.
            """,
        version: embeddedVersion,
        subcommands: [
            InitCommand.self, ProvisionCommand.self, PlanCommand.self, DeployCommand.self, SmokeTestCommand.self,
            ReleasesCommand.self,
            RollbackCommand.self,
            ScaleCommand.self, UnlockCommand.self, BatchCommand.self, TrainCommand.self, PushCommand.self,
            DriftCommand.self, JobsCommand.self, LogsCommand.self, LabCommand.self,
        ])
}
