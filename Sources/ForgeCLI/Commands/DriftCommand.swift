import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService

struct DriftCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Compare a file of rows with the training data of the deployed models, column by column.",
        discussion: """
            The rows stay on this computer, whose python3 compares them. The population stability index (PSI) of a \
            column tells how differently its values are distributed: below 0.1 stable, up to 0.25 moved, above 0.25 \
            another distribution. Exit code 1: a column is above --max-psi.
            """)

    @Argument(
        help: ArgumentHelp("The rows: CSV or Parquet, of 100 rows or more.", valueName: "file"),
        completion: .file(extensions: ["csv", "parquet"]))
    var file: String

    @OptionGroup var inventory: InventoryArgument

    @Option(help: ArgumentHelp("Fail when the PSI of a column is higher.", valueName: "psi"))
    var maxPsi = DataDrift.usual.drifted

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws {
        if !(0.01...100).contains(maxPsi) { throw ValidationError("--max-psi \(maxPsi): from 0.01 to 100") }
    }

    func action(_ surroundings: ProcessEnvironment) throws -> Action {
        .drift(try DataDrift(file, limit: maxPsi, absolute: surroundings.absolute), arguments: " \(file.shellQuoted)")
    }
}

extension Action {
    static func drift(_ drift: DataDrift, arguments: String) -> Action {
        var action = Action.query("drift") { context in
            let (host, transport) = try context.firstControlPlane()
            try await drift.run(
                context.cluster.service, on: host, over: transport, here: LocalTransport(),
                templates: context.templates, reporter: context.executor.reporter)
        }
        action.takesOneService = true
        action.arguments = arguments
        return action
    }
}
