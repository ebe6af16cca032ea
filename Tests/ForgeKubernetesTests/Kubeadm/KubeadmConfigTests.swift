import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing
import Yams

@testable import ForgeKubernetes

@Suite("A configuration for kubeadm")
struct KubeadmConfigTests {
    static let versions = [
        "1.20.2", "1.21.14", "1.22.17", "1.23.17", "1.24.17", "1.30.14", "1.31.14", "1.36.2", "1.37.0",
    ]

    private func config(_ version: String, _ change: (inout Cluster) -> Void = { _ in }) throws -> KubeadmConfig {
        KubeadmConfig(cluster: Example.cluster(version, change), templates: try Example.templates)
    }

    private func joinConfiguration(_ config: KubeadmConfig) throws -> String {
        try config.joinConfiguration(
            of: Example.node, server: Example.master.address, token: "abcdef.0123456789abcdef", caHash: "sha256:00ff")
    }

    @Test("is written in the version of the API that the release reads")
    func apiVersion() {
        let names = Self.versions.map {
            KubeadmConfig.apiVersion(for: Version($0)!).replacing("kubeadm.k8s.io/", with: "")
        }
        #expect(
            names == [
                "v1beta2", "v1beta2", "v1beta3", "v1beta3", "v1beta3", "v1beta3", "v1beta4", "v1beta4", "v1beta4",
            ])
    }

    @Test("is the one that is written down", arguments: ["1.20.2", "1.30.14", "1.37.0"])
    func golden(version: String) throws {
        let config = try config(version)
        let text =
            try config.initConfiguration(of: Example.master, isContainer: false) + "---\n" + joinConfiguration(config)
        #expect(text == Golden.text("kubeadm-\(version).yaml", insteadOf: text))
    }

    @Test("is YAML with what kubeadm must know", arguments: versions)
    func initConfiguration(version: String) throws {
        let text = try config(version).initConfiguration(of: Example.master, isContainer: true)
        let documents = try Yams.load_all(yaml: text).compactMap { $0 as? [String: Any] }
        #expect(
            documents.map { $0["kind"] as? String } == [
                "InitConfiguration", "ClusterConfiguration", "KubeletConfiguration", "KubeProxyConfiguration",
            ])
        #expect(documents[0]["apiVersion"] as? String == KubeadmConfig.apiVersion(for: Version(version)!))
        #expect(documents[1]["apiVersion"] as? String == KubeadmConfig.apiVersion(for: Version(version)!))
        #expect(documents[1]["kubernetesVersion"] as? String == "v\(version)")
        #expect(
            documents[1]["networking"] as? [String: String] == [
                "podSubnet": "10.244.0.0/16", "serviceSubnet": "10.96.0.0/12",
            ])
        #expect(documents[1]["controlPlaneEndpoint"] as? String == "10.77.0.11:6443")
        #expect(documents[3]["conntrack"] as? [String: Int] == ["maxPerCore": 0, "min": 0])
        let registration = try #require(documents[0]["nodeRegistration"] as? [String: Any])
        #expect(registration["name"] as? String == "kubmaster")
        #expect(Self.nodeAddress(registration) == "10.77.0.11")
    }

    @Test("has the address in its certificate that the operator reaches it at", arguments: versions)
    func certificate(version: String) throws {
        func names(_ way: String?) throws -> [String]? {
            var host = Example.master
            host.access.address = way
            let text = try config(version).initConfiguration(of: host, isContainer: false)
            let documents = try Yams.load_all(yaml: text).compactMap { $0 as? [String: Any] }
            #expect(documents[1]["controlPlaneEndpoint"] as? String == "10.77.0.11:6443")
            return (documents[1]["apiServer"] as? [String: Any])?["certSANs"] as? [String]
        }
        #expect(try names("203.0.113.11") == ["203.0.113.11"])
        #expect(try names("kub.example.org") == ["kub.example.org"])
        #expect(try names(nil) == nil)
        #expect(try names("127.0.0.1") == nil)
    }

    @Test("for joining is YAML with the token and the digest of the CA", arguments: versions)
    func joinConfiguration(version: String) throws {
        let document = try #require(try Yams.load(yaml: joinConfiguration(config(version))) as? [String: Any])
        let discovery = try #require((document["discovery"] as? [String: Any])?["bootstrapToken"] as? [String: Any])
        #expect(document["kind"] as? String == "JoinConfiguration")
        #expect(document["apiVersion"] as? String == KubeadmConfig.apiVersion(for: Version(version)!))
        #expect(discovery["apiServerEndpoint"] as? String == "10.77.0.11:6443")
        #expect(discovery["token"] as? String == "abcdef.0123456789abcdef")
        #expect(discovery["caCertHashes"] as? [String] == ["sha256:00ff"])
        #expect(Self.nodeAddress(try #require(document["nodeRegistration"] as? [String: Any])) == "10.77.0.12")
    }

    @Test("keeps a name that YAML would take for something else")
    func quoted() throws {
        let text = try config("1.36.2") { cluster in
            cluster.name = "123"
            cluster.hosts[0].name = "null"
            cluster.imageRepository = "registry.example: x # y"
        }.initConfiguration(of: Example.cluster { $0.hosts[0].name = "null" }.hosts[0], isContainer: false)
        let documents = try Yams.load_all(yaml: text).compactMap { $0 as? [String: Any] }
        #expect(documents[1]["clusterName"] as? String == "123")
        #expect(documents[1]["imageRepository"] as? String == "registry.example: x # y")
        #expect((documents[0]["nodeRegistration"] as? [String: Any])?["name"] as? String == "null")
    }

    /// A map until v1beta3, a list from v1beta4 on.
    private static func nodeAddress(_ registration: [String: Any]) -> String? {
        if let list = registration["kubeletExtraArgs"] as? [[String: String]] {
            return list.first { $0["name"] == "node-ip" }?["value"]
        }
        return (registration["kubeletExtraArgs"] as? [String: String])?["node-ip"]
    }
}

@Suite("The runtime's socket")
struct RuntimeSocketTests {
    @Test(
        "is the one that the release's kubelet takes",
        arguments: [
            ("1.20.2", Cluster.Runtime.containerd, "/run/containerd/containerd.sock"),
            ("1.23.17", .containerd, "/run/containerd/containerd.sock"),
            ("1.24.17", .containerd, "unix:///run/containerd/containerd.sock"),
            ("1.20.2", .docker, "/var/run/dockershim.sock"),
            ("1.24.0", .docker, "unix:///var/run/cri-dockerd.sock"),
            ("1.37.0", .docker, "unix:///var/run/cri-dockerd.sock"),
        ])
    func path(version: String, runtime: Cluster.Runtime, expected: String) {
        #expect(RuntimeSocket.path(for: Example.cluster(version) { $0.runtime = runtime }) == expected)
    }
}
