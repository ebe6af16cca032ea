import ForgeCore
import ForgeInventory
import ForgeTemplates

/// Where a lab stands: what it is called, where its files and addresses are, and the computer it stands on.
struct LabLayout: Sendable {
    let cluster: Cluster
    let network: LabNetwork
    let name: LabName
    let cache: Cache
    let operatorFiles: OperatorFiles
    let computer: LocalHost
    let templates: Templates

    init(cluster: Cluster, cache: Cache, operatorFiles: OperatorFiles, computer: LocalHost, templates: Templates)
        throws(Problem)
    {
        self.cluster = cluster
        self.network = try LabNetwork(cluster)
        self.name = LabName(cluster: cluster.name)
        self.cache = cache
        self.operatorFiles = operatorFiles
        self.computer = computer
        self.templates = templates
    }

    /// The state of this lab.
    var directory: String { cache.run(cluster.name) }

    /// Scripts and units from `templates/lab/machine`, written out where shells and machines can read them.
    var files: String { "\(directory)/files" }

    var knownHosts: String { operatorFiles.knownHosts(of: cluster.name) }

    var lock: String { directory + ".lock" }

    /// Each one once, in the order of the hosts.
    var installations: [Installation] {
        cluster.hosts.map { cluster.lab.installation(of: $0.name) }.reduce(into: []) {
            if !$0.contains($1) { $0.append($1) }
        }
    }
}

/// What a machine is installed with: machines of the same installation share a root file system.
struct Installation: Sendable, Hashable {
    let distribution: LabSettings.Distribution
    let profile: LabSettings.Profile

    /// "debian-13", "debian-12 with the habits of cloud images".
    var title: String { distribution.rawValue + (profile == .cloud ? " with the habits of cloud images" : "") }
}

extension LabSettings {
    func installation(of host: String) -> Installation {
        Installation(distribution: distribution(of: host), profile: profile(of: host))
    }
}

extension LabSettings.Distribution {
    /// The release of Debian that its packages are from.
    var debian: String { self == .debian12 ? "bookworm" : "trixie" }

    /// What /etc/os-release says.
    var codename: String { self == .ubuntuStandIn ? "noble" : debian }

    /// The directory of its packages, on the servers of its makers and Docker's.
    var id: String { self == .ubuntuStandIn ? "ubuntu" : "debian" }

    /// What Docker writes into the versions of its packages: `debian.12~bookworm`.
    var dockerSuffix: String {
        switch self {
        case .debian12: "debian.12~bookworm"
        case .debian13: "debian.13~trixie"
        case .ubuntuStandIn: "ubuntu.24.04~noble"
        }
    }

    /// Whether its systemd (257) boots on control groups of version 1 only where it is told to.
    var refusesOldGroups: Bool { self != .debian12 }
}

/// A command in control groups of its own: if kubeforge is killed while it runs, the next one finds it and ends it.
struct GroupedCommand: Sendable {
    /// Its name among the lab's: `http.server`, `kubmaster.supervisorCommand`, `kubmaster.disk`.
    let part: String
    let command: Command
    let layout: LabLayout

    var group: Cgroup { Cgroup(name: layout.name.of(part), computer: layout.computer) }

    /// Runs it to its end. What an earlier kubeforge left of it is ended first.
    func finish() async throws {
        try await group.end()
        try await layout.computer.finish(try prepared(command))
        try await group.end()
    }

    /// Starts it and lets it run, beyond kubeforge's own end; what it prints goes to the file.
    func start(log: String) async throws {
        try await layout.computer.finish(
            try prepared(Command(["sh", "\(layout.files)/daemon", Word(log)] + command.words)))
    }

    private func prepared(_ command: Command) throws -> Command {
        let placement = CgroupPlacement(Kernel(computer: layout.computer))
        let list = "\(layout.files)/\(part).cgroups"
        try layout.computer.replace(list, with: placement.list(group.name))
        return Command(placement.scope(group.name) + ["sh", "\(layout.files)/join", Word(list)] + command.words).within(
            command.timeLimit)
    }
}
