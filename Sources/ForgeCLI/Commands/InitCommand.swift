import ArgumentParser
import ForgeCore
import ForgePlan
import ForgeService
import ForgeTemplates

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Create a model directory from a trained model and example rows, and show what they hold.",
        discussion: """
            Nothing is overwritten. The keys that name the directory are added to the inventory that is named or found \
            in this directory, where that leaves everything else in it as it is; otherwise they are shown.
            """)

    @Option(
        help: ArgumentHelp("The file of a trained model, or a directory with one.", valueName: "file|dir"),
        completion: .file())
    var model: String

    @Option(
        help: ArgumentHelp("Example rows that the model was not trained on: CSV or Parquet.", valueName: "file"),
        completion: .file(extensions: ["csv", "parquet"]))
    var data: String?

    @Option(help: ArgumentHelp("The column with the truth. Without it nothing is scored.", valueName: "column"))
    var target: String?

    @Option(help: ArgumentHelp("The column that names a row.", valueName: "column"))
    var index: String?

    @Option(help: ArgumentHelp("The model's name in answers. Default: that of its file.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp("The directory to create. Default: the model's name, here.", valueName: "dir"),
        completion: .directory)
    var directory: String?

    @OptionGroup var inventory: InventoryOption

    @OptionGroup var display: DisplayOptions

    @OptionGroup var templates: TemplatesOption

    func run() async throws {
        let assembly = Assembly()
        try await assembly.run("init", display.run) { reporter in
            try await ModelSetup(
                order: .init(model: model, rows: data, output: directory, name: name), target: target, index: index,
                inventory: inventory.path, surroundings: assembly.surroundings,
                templates: Templates(overlay: templates.directory), reporter: reporter
            ).make(asking: LocalTransport())
        }
    }
}
