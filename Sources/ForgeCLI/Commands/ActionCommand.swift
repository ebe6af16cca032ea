import ArgumentParser

/// A command that runs an action on the machines of an inventory.
protocol ActionCommand: AsyncParsableCommand {
    associatedtype Source: InventorySource

    var inventory: Source { get }
    var options: SharedOptions { get }
    /// Files of reports that are written at the end.
    var reports: [String] { get }

    /// What was typed, as an action; an error is told before anything is contacted.
    func action(_ surroundings: ProcessEnvironment) throws -> Action
}

extension ActionCommand {
    var reports: [String] { [] }

    func run() async throws { try await perform { _ in } }

    fileprivate func perform(_ change: (inout Action) -> Void) async throws {
        let assembly = Assembly()
        var action = try action(assembly.surroundings)
        change(&action)
        try await assembly.run(action, inventory: inventory.path, options.run, reports: reports)
    }
}

/// `kubeforge plan NAME`: what the command of that name would change.
struct PlanOf<Command: ActionCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        let name = Command.configuration.commandName ?? ""
        return CommandConfiguration(commandName: name, abstract: "Say what `kubeforge \(name)` would change.")
    }

    @OptionGroup var command: Command

    func validate() throws {
        var command = command
        try command.validate()
    }

    func run() async throws { try await command.perform { $0.isDryRun = true } }
}
