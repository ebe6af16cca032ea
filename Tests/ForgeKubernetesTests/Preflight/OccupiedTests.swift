import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("A port that Kubernetes needs")
struct PortsTests {
    private static func line(_ port: Int, _ users: String) -> String {
        "LISTEN 0      4096         0.0.0.0:\(port)       0.0.0.0:*    \(users)"
    }

    @Test("is free, or Kubernetes' own, or told with who listens there")
    func differences() {
        let step = PortsAreFree(role: .controlPlane)
        #expect(step.texts(command: "") == [])
        #expect(
            step.texts(
                command: [
                    Self.line(6443, "users:((\"kube-apiserver\",pid=1,fd=3))"),
                    Self.line(10257, "users:((\"kube-controller\",pid=1,fd=3))"),
                    "LISTEN 0 4096 *:10250 *:* users:((\"kubelet\",pid=7,fd=3))",
                    Self.line(2379, "users:((\"etcd\",pid=1,fd=3))"),
                ].joined(separator: "\n")) == [])
        let found = step.differences(
            given: Answers([
                step.questions[0]: .command(
                    CommandState(
                        text: [
                            Self.line(6443, "users:((\"k3s-server\",pid=1,fd=3))"),
                            "LISTEN 0 4096 [::]:6443 [::]:* users:((\"k3s-server\",pid=1,fd=4))",
                            Self.line(10250, "users:((\"kubelite\",pid=1,fd=3))"), Self.line(2379, ""),
                        ].joined(separator: "\n")))
            ]))
        #expect(found.map(\.text) == ["k3s-server listens on 6443/tcp", "kubelite listens on 10250/tcp"])
        #expect(
            step.refusal(of: found, on: Example.master)?.what
                == "kubmaster: another program uses ports that Kubernetes needs; it was left untouched")
    }

    @Test("is looked for by a real ss, on a worker the kubelet's alone")
    func look() async throws {
        let look = try #require(PortsAreFree(role: .worker).questions[0].shell)
        #expect(look.contains("sport = :10250") && !look.contains("6443"))
        try await TemporaryDirectory.during { directory in
            try directory.write("ss", "#!/bin/sh\necho \"$*\"\n", mode: 0o755)
            #expect(
                try await LocalProgram.run("env", ["PATH=\(directory.path)", "/bin/sh", "-c", look])
                    == "-Hltnp ( sport = :10250 )\n")
            let all = try #require(PortsAreFree(role: .controlPlane).questions[0].shell)
            #expect(
                try await LocalProgram.run("env", ["PATH=\(directory.path)", "/bin/sh", "-c", all]) == """
                    -Hltnp ( sport = :6443 or sport = :2379 or sport = :2380 or sport = :10250 or sport = :10257 \
                    or sport = :10259 )

                    """)
            try FileManager.default.removeItem(atPath: directory.path("ss"))
            #expect(try await LocalProgram.run("env", ["PATH=\(directory.path)", "/bin/sh", "-c", look]) == "")
        }
    }
}

@Suite("Another pod network's configuration")
struct ForeignNetworkTests {
    private let step = ForeignNetwork(runtime: .containerd, cni: Example.cni())

    private func texts(_ files: [String: String]) async throws -> [String] {
        try await TemporaryDirectory.during { directory in
            try FileManager.default.createDirectory(
                atPath: directory.path("etc/cni/net.d"), withIntermediateDirectories: true)
            for (name, text) in files { try directory.write("etc/cni/net.d/\(name)", text) }
            return step.texts(
                command: try await LocalProgram.run("sh", ["-c", ForeignNetwork.look(below: directory.path)]))
        }
    }

    private static let calico =
        #"{"name":"k8s-pod-network","cniVersion":"0.3.1","plugins":[{"type":"calico"},{ "type" : "portmap" }]}"#
    private static let flannel = #"{"name":"cbr0","plugins":[{ "type": "flannel" },{ "type": "portmap" }]}"#

    @Test("that a runtime would take first is told, with its plugins")
    func first() async throws {
        let words = " comes before 10-flannel.conflist: no pod would get the cluster's network"
        #expect(
            try await texts(["10-calico.conflist": Self.calico, "10-flannel.conflist": Self.flannel])
                == ["/etc/cni/net.d/10-calico.conflist (calico, portmap)" + words])
        #expect(
            try await texts(["05-a.conf": "{}", "10-calico.conflist": Self.calico, "x": ""]).map {
                $0.prefix { $0 != "(" }
            } == [
                "/etc/cni/net.d/05-a.conf" + words[...], "/etc/cni/net.d/10-calico.conflist ",
            ])
    }

    @Test("that comes later, or calls the cluster's own network, is in nobody's way")
    func harmless() async throws {
        #expect(try await texts([:]) == [])
        #expect(try await texts(["10-flannel.conflist": Self.calico]) == [], "kubeforge writes that file")
        #expect(
            try await texts([
                "10-flannel.conflist": Self.flannel, "87-podman-bridge.conflist": Self.calico,
                "100-crio-bridge.conf": Self.calico,
                "00-multus.conf": #"{"type":"multus","delegates":[{"type":"flannel"}]}"#,
                "10-calico.conflist.bak": Self.calico,
            ]) == [])
        #expect(try await LocalProgram.run("sh", ["-c", ForeignNetwork.look(below: "/nowhere")]) == "")
    }

    @Test("is left as it is, with how to move it away")
    func finding() {
        let found: [Difference] = [
            "/etc/cni/net.d/05-a.conf comes before 10-flannel.conflist: no",
            "/etc/cni/net.d/10-b.conf (b) comes before",
        ]
        #expect(
            step.refusal(of: found, on: Example.node)?.fix?.hasPrefix(
                """
                if nothing uses it any more: `sudo mv /etc/cni/net.d/05-a.conf /etc/cni/net.d/10-b.conf /root/ && sudo \
                systemctl try-restart containerd` on kubnode
                """
            ) == true)
    }

    @Test("is looked for on every machine, as are taken ports")
    func planned() throws {
        let fit = try #require(try Example.plan(Example.cluster("1.36.2")).stages.first)
        #expect(
            fit.work.allSatisfy {
                $0.steps.contains { $0 is ForeignNetwork } && $0.steps.contains { $0 is PortsAreFree }
            })
    }
}

@Suite("Another Kubernetes")
struct OtherKubernetesTests {
    private let step = OtherKubernetes()

    private func texts(_ units: [String: UnitState]) -> [String] {
        step.texts(Dictionary(uniqueKeysWithValues: units.map { (.unit($0.key), .unit($0.value)) }))
    }

    @Test("is found by its unit, if that runs or will")
    func differences() {
        #expect(texts([:]) == [])
        #expect(
            texts(["k3s.service": UnitState(active: "active", enabled: "enabled")]) == [
                "k3s is installed (k3s.service)"
            ])
        #expect(
            texts(["snap.docker.dockerd.service": UnitState(active: "failed", enabled: "enabled")]) == [
                "the snap docker is installed (snap.docker.dockerd.service)"
            ])
        #expect(
            texts(["snap.microk8s.daemon-kubelite.service": UnitState(active: "active", enabled: "disabled")]).count
                == 1)
        #expect(
            texts(["rke2-agent.service": UnitState(active: "activating", enabled: "disabled")]) == [
                "RKE2 is installed (rke2-agent.service)"
            ])
        #expect(texts(["k3s.service": UnitState(active: "inactive", enabled: "disabled")]) == [])
        #expect(texts(["rke2-server.service": UnitState(load: "masked", active: "inactive", enabled: "masked")]) == [])
    }

    @Test("is left as it is, with how to remove it")
    func finding() {
        let found = step.differences(
            given: Answers([.unit("snap.microk8s.daemon-kubelite.service"): .unit(UnitState(active: "active"))]))
        let problem = step.refusal(of: found, on: Example.node)
        #expect(problem?.what == "kubnode: already has another Kubernetes or a snap's Docker; it was left untouched")
        #expect(
            problem?.fix
                == """
                if it is no longer wanted, with all that runs in it: `sudo snap remove microk8s` on kubnode; else \
                use another machine
                """
        )
    }

    @Test("is looked for on every machine")
    func planned() throws {
        let fit = try #require(try Example.plan(Example.cluster("1.36.2")).stages.first)
        #expect(fit.work.allSatisfy { $0.steps.contains { $0 is OtherKubernetes } })
    }
}
