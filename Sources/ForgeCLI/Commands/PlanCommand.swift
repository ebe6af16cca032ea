import ArgumentParser

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what a command would change: provision, or the one that is named.",
        subcommands: [
            PlanOf<ProvisionCommand>.self, PlanOf<DeployCommand>.self, PlanOf<RollbackCommand>.self,
            PlanOf<ScaleCommand>.self,
        ],
        defaultSubcommand: PlanOf<ProvisionCommand>.self)
}
