import Foundation

/// The inventory of the tests' lab, with the few lines that a test may change.
struct Inventory: Sendable {
    let folder: URL
    var cluster = "kubeforge-test"
    var hosts = [("kubmaster", "10.78.0.11", "control-plane"), ("kubnode", "10.78.0.12", "worker")]
    var service: [String] = []

    var path: String { folder.appending(path: "inventory.yaml").path() }
    var key: String { cache + "/ssh/id_ed25519" }
    var knownHosts: String { cache + "/run/kubeforge-test/known_hosts" }

    func address(of machine: String) -> String { hosts.first { $0.0 == machine }!.1 }

    func write(to other: String? = nil) throws { try text.write(toFile: other ?? path, atomically: true, encoding: .utf8) }

    private var cache: String {
        let environment = ProcessInfo.processInfo.environment
        return (environment["KUBEFORGE_CACHE"] ?? NSHomeDirectory() + "/.cache/kubeforge") + "/lab"
    }

    private var text: String {
        """
        cluster: \(cluster)
        kubernetes: 1.20.2
        hosts:
        \(hosts.map { "  - { name: \($0.0), address: \($0.1), role: \($0.2) }" }.joined(separator: "\n"))
        ssh:
          user: ubuntu
          key: \(key)
          knownHosts: \(knownHosts)
        mirrors:
          apt:
            docker: { url: "http://10.78.0.1:8000/linux/debian", key: \(cache)/apt/key.asc }
            kubernetes: { url: "http://10.78.0.1:8000/core:/stable:", key: \(cache)/apt/key.asc }
          registries:
            docker.io: http://10.78.0.1:5000
            registry.k8s.io: http://10.78.0.1:5000
            ghcr.io: http://10.78.0.1:5000
          python: http://10.78.0.1:8000/simple
        service:
          nodePort: 30080
        \(service.map { "  \($0)" }.joined(separator: "\n"))

        """
    }
}
