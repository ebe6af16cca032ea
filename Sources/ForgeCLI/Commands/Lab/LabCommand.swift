import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeLab
import ForgeTemplates

/// `kubeforge lab`: the machines of an inventory on this computer.
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Make the inventory's machines on this computer, and take them down again.",
        subcommands: [LabUp.self, LabDown.self, LabStatus.self, LabShell.self, LabReboot.self])
}

/// What all verbs of the lab are told.
struct LabOptions: ParsableArguments {
    /// The lab that comes with kubeforge, before the rule of the other verbs.
    static let preferred = "inventory/lab.yaml"

    @Option(help: ArgumentHelp("A folder of templates laid over the embedded ones.", valueName: "dir"))
    var templates: String?

    /// The inventory of these machines.
    func choice(_ inventory: String?) throws -> InventoryChoice {
        try InventoryChoice.make(argument: inventory, files: ["./\(Self.preferred)", "./inventory.yaml"], surroundings)
    }

    /// The lab of the inventory, telling its progress on standard error.
    func lab(_ inventory: String?, distribution: LabSettings.Distribution? = nil) throws -> Lab {
        let (surroundings, choice) = (surroundings, try choice(inventory))
        surroundings.progress.write(choice.sentence + "\n")
        var cluster = try InventoryReader(home: surroundings.home).read(choice.path)
        if let distribution { cluster.lab.install(distribution) }
        return try Lab(
            cluster: cluster, cache: cache,
            operatorFiles: OperatorFiles(root: surroundings.cache + "/lab", owner: labOperator),
            templates: Templates(overlay: templates), progress: LabProgress(LabReporter().report))
    }

    /// The same lab, to change it: root's work.
    func changeableLab(_ inventory: String?, distribution: LabSettings.Distribution? = nil) async throws -> Lab {
        try await RootRights(surroundings: surroundings).demand()
        return try lab(inventory, distribution: distribution)
    }

    /// `~` is the operator's home folder, also below sudo.
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
