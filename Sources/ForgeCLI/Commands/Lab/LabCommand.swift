import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgeLab
import ForgePlan
import ForgeTemplates
import Foundation

/// `kubeforge lab`: the machines of an inventory on this computer.
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Create the inventory's machines on this computer, and remove them again.",
        subcommands: [LabUp.self, LabDown.self, LabStatus.self, LabShell.self, LabReboot.self])
}

/// The options of every command of the lab.
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

struct LabUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "up", abstract: "Create and start the lab.")

    @OptionGroup var options: LabOptions

    @Option(help: ArgumentHelp("The distribution of all machines; overrides the inventory.", valueName: "name"))
    var distribution: LabSettings.Distribution?

    @OptionGroup var inventory: InventoryArgument

    func run() async throws {
        try await options.run("up", on: inventory, distribution: distribution) { lab, _ in
            try await lab.up()
            let rest = inventory.path.map { " \($0.shellQuoted)" } ?? ""
            let path = try options.choice(inventory).path.shellQuoted
            return ["kubeforge provision \(path)      (to remove it: kubeforge lab down\(rest))"]
        }
    }
}

struct LabDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "Remove the lab. Caches are kept.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryArgument

    func run() async throws {
        try await options.run("down", on: inventory) { lab, _ in
            try await lab.down()
            return []
        }
    }
}

struct LabStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the lab's machines and their state.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryArgument

    func run() async throws {
        try await options.run("status", on: inventory, isChange: false) { lab, reporter in
            reporter.report(.table(MachineTable(try await lab.status()).table))
            return []
        }
    }
}

/// Machines as rows.
struct MachineTable {
    let table: Table

    init(_ machines: [MachineStatus]) {
        table = Table(
            of: "machine", columns: [.init("name", "name"), .init("address", "address"), .init("state", "state")],
            rows: machines.map { [$0.name, "\($0.address)", $0.state.rawValue] })
    }
}

struct LabShell: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell", abstract: "Open a shell in a machine, over SSH.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryOption

    @Argument(help: "The machine's name.")
    var machine: String

    /// ssh replaces this process: terminal, signals and exit code are its own.
    func run() async throws {
        let words = try options.lab(options.choice(inventory), nil, LabProgress { _ in }).shell(machine).words.map(
            \.text)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        execvp(words[0], &arguments)
        throw Problem(
            what: "`\(words[0])` could not be run", why: String(cString: strerror(errno)),
            fix: "apt-get install openssh-client")
    }
}

struct LabReboot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reboot", abstract: "Reboot machines and wait until they answer again.")

    @OptionGroup var options: LabOptions

    @OptionGroup var inventory: InventoryOption

    @Argument(help: "Hosts to reboot (default: all).")
    var machines: [String] = []

    func run() async throws {
        try await options.run("reboot", on: inventory) { lab, _ in
            try await lab.reboot(machines)
            return []
        }
    }
}

/// What the lab does as events of a run: a step for each thing that it makes, of the machine or, where all machines
/// share it, of the lab.
struct LabEvents: Sendable {
    /// Where a run's events name a host.
    static let shared = "lab"

    let action: String
    let reporter: any Reporter

    func report(_ event: LabProgress.Event) {
        switch event {
        case .began(let title, let machine, let usually):
            // Only what takes long is announced; what is done in a moment is told when it is done.
            if let usually { reporter.report(.note("  … \(machine ?? Self.shared)  \(title)   (usually \(usually))")) }
            reporter.report(.stepBegan(host: machine ?? Self.shared, title: title))
        case .said(let detail):
            reporter.report(.output(host: Self.shared, OutputLine(stream: .standardOutput, text: detail)))
        case .warned(let sentence): reporter.report(.note("  ! \(sentence)"))
        case .ended(let title, let machine, let outcome, let seconds):
            reporter.report(
                .step(
                    StepReport(
                        stage: action, host: machine ?? Self.shared, title: title, outcome: outcome.ofStep,
                        differences: [], seconds: seconds)))
        }
    }
}

extension LabSettings.Distribution: ExpressibleByArgument {}

extension LabProgress.Outcome {
    fileprivate var ofStep: StepReport.Outcome {
        switch self {
        case .changed: .changed
        case .unchanged: .unchanged
        case .failed: .failed
        }
    }
}
