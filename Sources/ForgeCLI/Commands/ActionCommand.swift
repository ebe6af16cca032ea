import ArgumentParser

/// A command that runs an action on the machines of an inventory.
protocol ActionCommand: AsyncParsableCommand {
    associatedtype Source: InventorySource

    var inventory: Source { get }
    var options: SharedOptions { get }
    /// Files of reports that are written at the end.
    var reports: [String] { get }
    /// The services that it is about; none means all of the inventory.
    var services: [String] { get }

    /// What was typed, as an action; an error is told before anything is contacted.
    func action(_ surroundings: ProcessEnvironment) throws -> Action
}

extension ActionCommand {
    var reports: [String] { [] }
    var services: [String] { [] }

    func run() async throws {
        let assembly = Assembly()
        var action = try action(assembly.surroundings)
        action.services = services
        try await assembly.run(action, inventory: inventory.path, options.run, reports: reports)
    }
}
