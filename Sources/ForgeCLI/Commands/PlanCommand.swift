import ArgumentParser

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a command would change (default: provision).",
        subcommands: [
            PlanOf<ProvisionCommand>.self, PlanOf<DeployCommand>.self, PlanOf<RollbackCommand>.self,
            PlanOf<ScaleCommand>.self,
        ],
        defaultSubcommand: PlanOf<ProvisionCommand>.self)

    /// What to type where the name of one of these commands follows options and so is taken for an inventory; nil
    /// where `word` is no such name.
    static func misplaced(_ word: String, then options: String) -> String? {
        guard configuration.subcommands.contains(where: { $0.configuration.commandName == word }) else { return nil }
        return "the name of a command comes before options: `kubeforge plan \(word) \(options)`"
    }
}

/// `kubeforge plan NAME`: what the command of that name would change.
struct PlanOf<Command: ActionCommand>: ActionCommand {
    static var configuration: CommandConfiguration {
        let name = Command.configuration.commandName ?? ""
        return CommandConfiguration(commandName: name, abstract: "Show what `kubeforge \(name)` would change.")
    }

    @OptionGroup var command: Command

    func validate() throws {
        var command = command
        try command.validate()
        if let path = inventory.path, let advice = PlanCommand.misplaced(path, then: "…") {
            throw ValidationError("\(path) is taken for an inventory: \(advice); or write ./\(path) for a file")
        }
    }

    var inventory: Command.Source { command.inventory }
    var options: SharedOptions { command.options }
    var services: [String] { command.services }

    func action(_ surroundings: ProcessEnvironment) throws -> Action {
        var action = try command.action(surroundings)
        action.isDryRun = true
        return action
    }
}
