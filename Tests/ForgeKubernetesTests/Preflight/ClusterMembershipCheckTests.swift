import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Membership of a machine")
struct ClusterMembershipCheckTests {
    private let step = ClusterMembershipCheck(host: Example.node, cluster: Example.cluster())

    private func texts(
        kubelet: String? = nil, admin: String? = nil, node: String = "", leftover: String? = nil, note: String? = nil,
        of step: ClusterMembershipCheck? = nil
    ) -> [String] {
        func contents(_ text: String?) -> Answer { .contents(text.map { Array($0.utf8) }) }
        let step = step ?? self.step
        return step.texts([
            .contents("/etc/kubernetes/kubelet.conf"): contents(kubelet),
            .contents("/etc/kubernetes/admin.conf"): contents(admin),
            step.questions[2]: .command(CommandState(text: node)),
            .contents("/var/lib/kubeforge/begun-join"): contents(note),
            .file(leftover ?? "-"): .file(FileState()),
        ])
    }

    @Test(
        "is another's where files are that kubeforge did not begin, on a worker that is no node",
        arguments: [
            "/etc/kubernetes/bootstrap-kubelet.conf", "/etc/kubernetes/pki/ca.crt",
        ])
    func leftovers(path: String) {
        let words = "it has \(path) of a cluster that kubeforge did not create"
        #expect(texts(leftover: path) == [words])
        #expect(texts(leftover: path, note: "lab https://10.77.0.11:6443\n") == [])
        #expect(texts(leftover: path, note: "prod https://10.77.0.11:6443\n") == [words])
        #expect(texts(kubelet: Recorded.kubeletConfig(), node: "kubnode", leftover: path) == [])
        #expect(
            texts(leftover: path, of: ClusterMembershipCheck(host: Example.master, cluster: Example.cluster())) == [])
        #expect(
            step.refusal(of: [Difference(words)], on: Example.node)?.what
                == "kubnode: has files of a cluster that kubeforge did not create; it was left untouched")
    }

    @Test("knows a node by the name in its kubelet's certificate")
    func name() async throws {
        guard case .command(let look) = step.questions[2] else {
            Issue.record("the third question is for the name")
            return
        }
        try await TemporaryDirectory.during { directory in
            let script = look.replacing("/var/lib/kubelet/pki", with: directory.path)
            #expect(try await LocalProgram.run("sh", ["-c", "{ \(script); } || :"]) == "")
            let file = directory.path("kubelet-client-current.pem")
            try await LocalProgram.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", directory.path("key"), "-out", file,
                    "-subj", "/O=system:nodes/CN=system:node:kubnode",
                ])
            #expect(try await LocalProgram.run("sh", ["-c", script]) == "kubnode\n")
        }
    }

    @Test("of two other clusters names the address of the kubelet's first")
    func twoOthers() {
        let differences = step.differences(
            given: Answers([
                .contents("/etc/kubernetes/kubelet.conf"):
                    .contents(Array(Recorded.kubeletConfig(server: "https://10.0.0.1:6443").utf8)),
                .contents("/etc/kubernetes/admin.conf"):
                    .contents(Array(Recorded.adminConfig(server: "https://10.0.0.2:6443").utf8)),
            ]))
        let fix = step.refusal(of: differences, on: Example.node)?.fix
        #expect(fix?.contains("give it 10.0.0.1 again") == true)
    }

    @Test("is another's at another port, too")
    func otherPort() {
        let words = "it belongs to the cluster at https://10.77.0.11:7443, this one is at https://10.77.0.11:6443"
        #expect(texts(kubelet: Recorded.kubeletConfig(server: "https://10.77.0.11:7443")) == [words])
        #expect(texts(admin: Recorded.adminConfig(server: "https://10.77.0.11:7443")) == [words])
    }

    @Test("of a control plane whose address has changed is cured by its old address, never by a reset")
    func address() {
        let found: [Difference] = [
            "it belongs to the cluster at https://10.77.0.9:6443, this one is at https://10.77.0.11:6443"
        ]
        let master = ClusterMembershipCheck(host: Example.master, cluster: Example.cluster()).refusal(
            of: found, on: Example.master)
        #expect(
            master?.fix
                == """
                if the address of kubmaster has changed: a cluster keeps the one that it was made with, so give it \
                10.77.0.9 again (it may have others beside it), and write `address: 10.77.0.9` into \
                inventory/lab.yaml; where SSH goes is another matter (`ssh: { address: … }`). If this is the wrong \
                machine, correct inventory/lab.yaml
                """)
        let node = step.refusal(of: found, on: Example.node)?.fix ?? ""
        #expect(node.hasPrefix("if the address of kubmaster has changed: "))
        #expect(
            node.contains(
                "Only if nobody needs its old cluster and all that is in it any more: `sudo kubeadm reset` on kubnode"
            ))
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
        #expect(
            texts(admin: Recorded.adminConfig(cluster: "prod")) == [
                "it is a control plane of the cluster prod, this one is lab"
            ])
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
        let found: [Difference] = ["it is a control plane of the cluster prod, this one is lab"]
        #expect(
            step.refusal(of: found, on: Example.node)
                == Problem(
                    what: "kubnode: already belongs to another cluster; it is left untouched", why: found[0].text,
                    fix:
                        """
                        If this is the wrong machine or name, correct inventory/lab.yaml, or take another machine. \
                        Only if nobody needs its old cluster and all that is in it any more: `sudo kubeadm reset` on \
                        kubnode, and run again
                        """
                ))
        #expect(
            step.refusal(
                of: ["the cluster knows it as the node debian, the inventory calls it kubnode"], on: Example.node)?.fix
                == "call it debian in inventory/lab.yaml: a node keeps the name that it joined with")
    }

    @Test(
        "reads the node's name out of every layout that openssl has",
        arguments: [
            "subject=O = system:nodes, CN = system:node:kub-node.1",
            "subject= /O=system:nodes/CN=system:node:kub-node.1",
            "subject=O=system:nodes, CN=system:node:kub-node.1",
        ])
    func subject(line: String) async throws {
        let script = "printf '%s\\n' \"$1\" | sed -n 's/.*system:node:\\([^,/ ]*\\).*/\\1/p'"
        let name = try await LocalProgram.run("sh", ["-c", script, "sh", line])
        #expect(name == "kub-node.1\n")
        let look = try #require(step.questions[2].shell)
        #expect(look.contains("sed -n 's/.*system:node:\\([^,/ ]*\\).*/\\1/p'"))
    }
}

@Suite("Kubernetes that a machine has already")
struct KubernetesOnDiskTests {
    private func texts(_ installed: String?, isMember: Bool) -> [String] {
        InstalledVersionCheck(version: Version(1, 20, 2)).texts([
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
