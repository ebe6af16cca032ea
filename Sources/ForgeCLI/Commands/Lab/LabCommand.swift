import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeLab
import ForgePlan
import ForgeTemplates

/// `kubeforge lab`: the machines of an inventory on this computer.
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Make the inventory's machines on this computer, and take them down again.",
        subcommands: [LabUp.self, LabDown.self, LabStatus.self, LabShell.self, LabReboot.self])
}

/// What every command of the lab is told.
struct LabOptions: ParsableArguments {
    /// The lab that comes with kubeforge, before the rule of the other commands.
    static let preferred = "inventory/lab.yaml"

    @OptionGroup var display: DisplayOptions

    @OptionGroup var templates: TemplatesOption

    /// Runs the work on the lab of the inventory and tells it as events. The work returns what to type next.
    func run(
        _ action: String, on inventory: some InventorySource, distribution: LabSettings.Distribution? = nil,
        isChange: Bool = true, work: (Lab, any Reporter) async throws -> [String]
    ) async throws {
        if isChange { try await RootRights(surroundings: surroundings).demand() }
        try await Assembly().run("lab \(action)", display.run) { reporter in
            let choice = try choice(inventory)
            reporter.report(.note(choice.sentence))
            let events = LabEvents(action: "lab \(action)", reporter: reporter)
            return try await work(try lab(choice, distribution, LabProgress(events.report)), reporter)
        }
    }

    /// The inventory of these machines.
    func choice(_ inventory: some InventorySource) throws -> InventoryChoice {
        try InventoryChoice.make(
            argument: inventory.path, files: ["./\(Self.preferred)", "./inventory.yaml"], surroundings)
    }

    func lab(_ choice: InventoryChoice, _ distribution: LabSettings.Distribution?, _ progress: LabProgress) throws
        -> Lab
    {
        var cluster = try InventoryReader(home: surroundings.home).read(choice.path)
        if let distribution { cluster.lab.install(distribution) }
        return try Lab(
            cluster: cluster, cache: cache,
            operatorFiles: OperatorFiles(root: surroundings.cache + "/lab", owner: labOperator),
            templates: Templates(overlay: templates.directory), progress: progress)
    }

    /// `~` is the operator's home directory, also below sudo.
    private var surroundings: ProcessEnvironment {
        var own = Assembly().surroundings
        own.home = labOperator.home
        return own
    }

    private var labOperator: Operator {
        let own = Assembly().surroundings
        return Operator(environment: own.environment, home: own.home)
    }

    /// What root makes is in root's cache, whoever asked for it: users of one computer share it.
    private var cache: Cache {
        var roots = Assembly().surroundings
        roots.home = Operator.home(of: 0) ?? "/root"
        return Cache(root: roots.cache + "/lab")
    }
}
