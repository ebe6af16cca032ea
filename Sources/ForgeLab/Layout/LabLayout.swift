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
    var folder: String { cache.run(cluster.name) }

    /// Scripts and units from `templates/lab/machine`, written out where shells and machines can read them.
    var files: String { "\(folder)/files" }

    var knownHosts: String { operatorFiles.knownHosts(of: cluster.name) }

    var lock: String { folder + ".lock" }

    /// Each one once, in the order of the hosts.
    var installations: [Installation] {
        cluster.hosts.map { cluster.lab.installation(of: $0.name) }.reduce(into: []) {
            if !$0.contains($1) { $0.append($1) }
        }
    }
}
