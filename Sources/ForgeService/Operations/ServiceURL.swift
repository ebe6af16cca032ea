import ForgeCore
import ForgeInventory
import ForgePlan

/// Where the deployed service answers, as seen from outside the cluster.
package struct ServiceURL: Sendable {
    private let cluster: Cluster

    package init(_ cluster: Cluster) { self.cluster = cluster }

    /// `http://10.77.0.11:30080`; nil where only the cluster itself reaches it, or nobody can tell.
    package func ask(_ fleet: Fleet) async -> String? {
        let host = cluster.firstControlPlane
        guard cluster.service.expose == .nodePort, let transport = try? fleet.transport(host.name) else { return nil }
        let output = try? await transport.run(look)
        let port = output.flatMap { Int($0.text.trimming(while: \.isWhitespace)) }
        return port.map { "\(cluster.service.tls == nil ? "http" : "https")://\(host.publicAddress):\($0)" }
    }

    /// The cluster chooses the port where the inventory names none.
    private var look: Command {
        Kubectl(namespace: cluster.service.namespace).command(
            "get", "service", Word(cluster.service.name), "--output", "jsonpath={.spec.ports[0].nodePort}"
        ).within(.seconds(20))
    }
}
