import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Membership of a machine")
struct MembershipTests {
    private let step = Membership(host: Example.node, cluster: Example.cluster())

    private func texts(kubelet: String? = nil, admin: String? = nil, node: String = "") -> [String] {
        func contents(_ text: String?) -> Answer { .contents(text.map { Array($0.utf8) }) }
        return step.texts([
            .contents("/etc/kubernetes/kubelet.conf"): contents(kubelet), .contents("/etc/kubernetes/admin.conf"): contents(admin),
            step.questions[2]: .command(CommandState(text: node)),
        ])
    }

    @Test("is none for a bare machine, and right for one of this cluster")
    func fine() {
        #expect(texts() == [])
        #expect(texts(kubelet: Recorded.kubeletConfig(), admin: Recorded.adminConfig(), node: "kubnode") == [])
    }

    @Test("of somebody else's cluster is found by its server, and by its name")
    func somebodyElses() {
        #expect(
            texts(kubelet: Recorded.kubeletConfig(server: "https://10.1.1.1:6443")) == [
                "it belongs to the cluster at https://10.1.1.1:6443, this one is at https://10.77.0.11:6443"
            ])
        #expect(texts(admin: Recorded.adminConfig(cluster: "prod")) == ["it is a control plane of the cluster prod, this one is lab"])
    }

    @Test("under another node name is found in the kubelet's certificate")
    func otherName() {
        #expect(
            texts(kubelet: Recorded.kubeletConfig(), node: "debian") == [
                "the cluster knows it as the node debian, the inventory calls it kubnode"
            ])
    }

    @Test("is left as it is, in a dry run and in earnest")
    func refusal() {
        let found: [Difference] = ["it belongs to the cluster at https://10.1.1.1:6443, this one is at https://10.77.0.11:6443"]
        #expect(
            step.refusal(of: found, on: Example.node)
                == Problem(
                    what: "kubnode: is taken, and is left as it is", why: found[0].text,
                    fix:
                        "if this is the wrong machine or name, correct inventory/lab.yaml; if its old cluster is no longer wanted: `sudo kubeadm reset` on kubnode, and run again"
                ))
    }

    @Test(
        "reads the node's name out of every layout that openssl has",
        arguments: [
            "subject=O = system:nodes, CN = system:node:kub-node.1", "subject= /O=system:nodes/CN=system:node:kub-node.1",
            "subject=O=system:nodes, CN=system:node:kub-node.1",
        ])
    func subject(line: String) async throws {
        let script = "printf '%s\\n' \"$1\" | sed -n 's/.*system:node:\\([^,/ ]*\\).*/\\1/p'"
        let name = try await LocalProgram.run("sh", ["-c", script, "sh", line])
        #expect(name == "kub-node.1\n")
        guard case .command(let look) = step.questions[2] else { return }
        #expect(look.contains("sed -n 's/.*system:node:\\([^,/ ]*\\).*/\\1/p'"))
    }
}

@Suite("Kubernetes that a machine has already")
struct KubernetesOnDiskTests {
    private func texts(_ installed: String?, isMember: Bool) -> [String] {
        KubernetesOnDisk(version: Version(1, 20, 2)).texts([
            .package("kubelet"): .package(PackageState(installed: installed)),
            .file("/etc/kubernetes/kubelet.conf"): .file(isMember ? FileState() : nil),
        ])
    }

    @Test("must be the inventory's version where it runs")
    func differences() {
        #expect(texts(nil, isMember: false) == [])
        #expect(texts("1.20.2-1.1", isMember: true) == [])
        #expect(texts("1.20.2-00", isMember: true) == [])
        #expect(texts("1.21.0-1.1", isMember: true) == ["its kubelet: 1.21.0 → 1.20.2"])
        #expect(texts("1.19.16-1.1", isMember: true) == ["its kubelet: 1.19.16 → 1.20.2"])
        #expect(texts("1.21.0-1.1", isMember: false) == [])
    }
}
