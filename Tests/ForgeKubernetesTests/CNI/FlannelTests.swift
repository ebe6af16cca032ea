import ForgeCore
import ForgeInventory
import ForgePlan
import Testing
import Yams

@testable import ForgeKubernetes

@Suite("flannel's manifest")
struct FlannelTests {
    private struct Container: Sendable {
        let arguments: [String]
        let probes: [String: String]
        let environment: [String: String]
    }

    /// The one that runs flanneld, as a kubelet reads it.
    private static func container() throws -> Container {
        let file = try #require(Example.cni(Example.cluster()).steps.first as? FileIs).file
        let objects = try Yams.load_all(yaml: String(decoding: file.content, as: UTF8.self)).compactMap {
            $0 as? [String: Any]
        }
        let daemon = try #require(objects.first { $0["kind"] as? String == "DaemonSet" })
        let template = (daemon["spec"] as? [String: Any])?["template"] as? [String: Any]
        let containers = (template?["spec"] as? [String: Any])?["containers"] as? [[String: Any]]
        let container = try #require(containers?.first)
        func probe(_ name: String) -> String? {
            let get = (container[name] as? [String: Any])?["httpGet"] as? [String: Any]
            return get.map { "\($0["host"] ?? "") \($0["port"] ?? "") \($0["path"] ?? "")" }
        }
        let probes = ["livenessProbe", "readinessProbe"].compactMap { name in probe(name).map { (name, $0) } }
        let variables = (container["env"] as? [[String: Any]] ?? []).compactMap { variable in
            (variable["value"] as? String).map { (variable["name"] as? String ?? "", $0) }
        }
        return Container(
            arguments: container["args"] as? [String] ?? [],
            probes: Dictionary(probes) { first, _ in first }, environment: Dictionary(variables) { first, _ in first })
    }

    /// A kubelet that asks elsewhere restarts a flannel that works, for ever.
    @Test("has probes that ask where flanneld answers: on this machine alone")
    func probes() throws {
        let container = try Self.container()
        func value(_ flag: String) -> String? {
            container.arguments.first { $0.hasPrefix(flag + "=") }.map { String($0.dropFirst(flag.count + 1)) }
        }
        let address = try #require(value("--healthz-ip"))
        let port = try #require(value("--healthz-port"))
        #expect(address == "127.0.0.1")
        #expect(
            container.probes == [
                "livenessProbe": "\(address) \(port) /healthz", "readinessProbe": "\(address) \(port) /readyz",
            ])
    }

    @Test("lets no flanneld go on that does not know the nodes yet")
    func cache() throws {
        #expect(try Self.container().environment["CONT_WHEN_CACHE_NOT_READY"] == "false")
    }
}
