import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The packages of Kubernetes")
struct KubernetesPackagesTests {
    private func key(_ version: String, _ change: (inout Cluster) -> Void = { _ in }) throws -> AptRepository
        .SigningKey?
    {
        let steps = try KubernetesPackages(cluster: Example.cluster(version, change)).steps(Example.facts())
        return steps.compactMap { $0 as? AptRepository }.first?.key
    }

    @Test("are of the inventory's version, and held: no upgrade of the machine's owner changes them")
    func held() throws {
        let steps = try KubernetesPackages(cluster: Example.cluster("1.36.2")).steps(Example.facts())
        let packages = try #require(steps.compactMap { $0 as? Packages }.first)
        #expect(packages.names == ["kubelet", "kubeadm", "kubectl"])
        #expect(packages.version == "1.36.2-")
        #expect(packages.isHeld)
    }

    /// The copies beside 1.24 to 1.27 say that it expired in November 2024.
    @Test(
        "are believed with a copy of the key that has not expired",
        arguments: ["1.24.17", "1.27.16", "1.28.15", "1.36.2"])
    func signingKey(version: String) throws {
        let minor = version.hasPrefix("1.28") ? "v1.28" : "v1.36"
        #expect(
            try key(version)
                == .url(
                    "https://pkgs.k8s.io/core:/stable:/\(minor)/deb/Release.key",
                    fingerprint: "DE15B14486CD377B9E876E1A234654DA9A296436"))
    }

    @Test("lose the retired source to nobody's harm: a list of somebody else's is kept beside it")
    func retired() async throws {
        let steps = try KubernetesPackages(cluster: Example.cluster()).steps(Example.facts())
        let path = "/etc/apt/sources.list.d/apt.kubernetes.io.list"
        let (machine, transport) = Example.machine()
        try await steps[0].apply(to: machine)
        #expect(await transport.commands == [OriginalFile.putAway(path)])
        #expect(
            steps[0].texts([.file(path): .file(FileState(sha256: "a"))]) == [
                "\(path) is somebody else's, and is kept as \(path).before-kubeforge"
            ])
    }

    @Test("of a mirror are believed with the mirror's key")
    func mirror() throws {
        let fingerprint = String(repeating: "AB", count: 20)
        let own = Mirrors.Key.url("http://10.77.0.1/key", fingerprint: fingerprint)
        #expect(
            try key("1.24.17") { $0.mirrors.kubernetes = .init(url: "http://10.77.0.1/k8s", key: own) }
                == .url("http://10.77.0.1/key", fingerprint: fingerprint))
    }
}
