import Foundation

/// The inventory of a lab of the tests, with the few lines that a test may change.
struct Inventory: Sendable {
    let folder: URL
    /// The first three numbers of its addresses: `10.78.0`.
    let network: String
    var cluster: String
    var kubernetes = "1.20.2"
    var hosts: [(name: String, address: String, role: String)]
    var service: [String] = []
    /// Whether the service's image takes packages of Debian from the lab's archive.
    var hasDebianMirror = false
    /// What the lab installs on the machines, by name.
    var distributions: [String: String] = [:]
    /// `cloud`, with the habits of clouds, or `bare`.
    var profile = "cloud"
    /// What runs the machines: `nspawn` or `vm`.
    var driver = "nspawn"
    private let lab: String

    init(folder: URL, network: String, cluster: String) {
        self.folder = folder
        self.network = network
        self.cluster = cluster
        lab = cluster
        hosts = [("kubmaster", "\(network).11", "control-plane"), ("kubnode", "\(network).12", "worker")]
    }

    var path: String { folder.appending(path: "inventory.yaml").path() }
    var key: String { cache + "/ssh/id_ed25519" }
    var knownHosts: String { cache + "/run/\(lab)/known_hosts" }

    func address(of machine: String) -> String { hosts.first { $0.name == machine }!.address }

    func write(to other: String? = nil) throws {
        try text.write(toFile: other ?? path, atomically: true, encoding: .utf8)
    }

    /// The operator's.
    var cache: String {
        let environment = ProcessInfo.processInfo.environment
        return (environment["KUBEFORGE_CACHE"] ?? NSHomeDirectory() + "/.cache/kubeforge") + "/lab"
    }

    private var text: String {
        """
        cluster: \(cluster)
        kubernetes: \(kubernetes)
        hosts:
        \(hosts.map { "  - { name: \($0.name), address: \($0.address), role: \($0.role) }" }.joined(separator: "\n"))
        ssh:
          user: ubuntu
          key: \(key)
          knownHosts: \(knownHosts)
        mirrors:
          apt:
            docker: { url: "http://\(network).1:8000/linux/<distribution>", key: \(cache)/apt/key.asc }
            kubernetes: { url: "http://\(network).1:8000/core:/stable:", key: \(cache)/apt/key.asc }
        \(hasDebianMirror ? "    debian: { url: \"http://\(network).1:8000/debian\", key: \(cache)/apt/key.asc }" : "")
          registries:
            docker.io: http://\(network).1:5000
            registry.k8s.io: http://\(network).1:5000
            ghcr.io: http://\(network).1:5000
          python: http://\(network).1:8000/simple
        service:
          nodePort: 30080
        \(service.map { "  \($0)" }.joined(separator: "\n"))
        lab:
          driver: \(driver)
          profile: \(profile)
          hosts:
        \(distributions.sorted { $0.key < $1.key }.map { "    \($0): { distribution: \($1) }" }.joined(separator: "\n"))

        """
    }
}
