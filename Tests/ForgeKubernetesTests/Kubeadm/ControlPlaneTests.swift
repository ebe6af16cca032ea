import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeKubernetes

@Suite("A control plane")
struct ControlPlaneTests {
    private let step = ControlPlane(
        host: Example.master, cluster: Example.cluster(), configuration: "kind: InitConfiguration\n")
    private static let initialise = "kubeadm init --config /var/lib/kubeforge/kubeadm-init.yaml --skip-token-print"
    private static let goOn =
        initialise + " --ignore-preflight-errors FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml,"
    private static let reset = "kubeadm reset --force --cri-socket /run/containerd/containerd.sock"
    private static let refused =
        "The connection to the server 10.77.0.11:6443 was refused - did you specify the right host or port?"
    private static let note = "var/lib/kubeforge/begun-init"

    /// A machine with kubeadm's files of a control plane, whose API server does not answer.
    private func withFiles(begun: Bool, data: Bool = true, _ body: (PlayedMachine) async throws -> Void) async throws {
        try await PlayedMachine.during { played in
            if begun { try await played.note(.initConfiguration) }
            try played.write("etc/kubernetes/admin.conf")
            for name in ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"] {
                try played.write("etc/kubernetes/manifests/\(name).yaml")
            }
            if data { try played.write("var/lib/etcd/member/snap/db") }
            try played.says("readyz", Self.refused, code: 1)
            try played.says("parts", Self.refused, code: 1)
            try await body(played)
        }
    }

    @Test("answers when its API server is ready and nothing of kubeforge's is unfinished there")
    func differences() {
        func texts(_ ready: String, _ code: Int = 0, note: String? = nil) -> [String] {
            step.texts([
                step.questions[0]: .command(CommandState(exitCode: code, text: ready)),
                step.questions[1]: .command(CommandState(exitCode: 1, text: Self.refused)),
                step.questions[2]: .contents(note.map { Array($0.utf8) }),
            ])
        }
        #expect(texts("ok") == [])
        #expect(texts("ok", note: "lab https://10.77.0.11:6443\n") == ["kubeadm init did not finish"])
        #expect(texts("ok", note: "prod https://10.77.0.11:6443\n") == [])
        // kubectl's own log comes before what it says.
        #expect(texts("E1127 15:50:01 memcache.go:238] couldn't get current server API group list\nok") == [])
        for (words, code) in [("", 124), ("", 0), ("ok\n[-]etcd failed", 0), ("ok", 1)] {
            #expect(texts(words, code) == ["the API server does not answer"])
        }
        #expect(texts("[-]etcd failed", 1) == ["the API server does not answer"])
        #expect(
            !step.questions.contains { "\($0)".contains("-e /etc/kubernetes/admin.conf") },
            "a half-finished init has it, too")
    }

    @Test("without kubeadm's kube-proxy or CoreDNS is left so, and that is told")
    func replaced() {
        let words = "node/kubmaster\nError from server (NotFound): daemonsets.apps \"kube-proxy\" not found"
        var answers: [Question: Answer] = [
            step.questions[0]: .command(CommandState(text: "ok")),
            step.questions[1]: .command(CommandState(exitCode: 1, text: words)),
            step.questions[2]: .contents(nil),
        ]
        #expect(step.texts(answers) == [])
        #expect(
            step.notes(given: Answers(answers), on: Example.master) == [
                """
                kubmaster: objects of kubeadm are missing, and are left so: daemonsets.apps \"kube-proxy\" \
                not found
                """
            ])
        answers[step.questions[1]] = .command(CommandState(exitCode: 1, text: Self.refused))
        #expect(step.notes(given: Answers(answers), on: Example.master) == [])
    }

    @Test(
        """
        of a bare machine is initialised, with its configuration in a file for root alone, and noted as begun while it \
        is made
        """
    )
    func bare() async throws {
        try await PlayedMachine.during { played in
            try played.kubeadm(
                "init", does: "[ -f \"$root/\(Self.note)\" ] || exit 9; touch \"$root/etc/kubernetes/admin.conf\"")
            try await step.apply(to: played.machine(Example.master))
            #expect(try played.calls() == [Self.initialise])
            #expect(!played.has(Self.note))
            #expect(played.files("var/lib/kubeforge") == ["kubeadm-init.yaml"])
            #expect(step.config.mode == 0o600)
        }
    }

    @Test("that failed to be made is noted, and begun again")
    func failed() async throws {
        try await PlayedMachine.during { played in
            try played.says("kubeadm", "[ERROR NumCPU]: few", code: 1)
            await #expect(throws: Problem.self) { try await step.apply(to: played.machine(Example.master)) }
            #expect(played.has(Self.note))
            try played.says("kubeadm", "")
            try await step.apply(to: played.machine(Example.master))
            #expect(try played.calls() == [Self.initialise, Self.initialise])
            #expect(!played.has(Self.note))
        }
    }

    @Test("that is only down comes back by its kubelet, and nothing else is done")
    func down() async throws {
        try await withFiles(begun: false) { played in
            try played.root.write("does-systemctl-enable", "printf '0\nok\n' > \(played.root.path)/says/readyz\n")
            try await step.apply(to: played.machine(Example.master))
            #expect(try played.calls("systemctl") == ["systemctl enable --now kubelet"])
            #expect(try played.calls() == [])
        }
    }

    @Test(
        "that kubeforge did not begin is neither initialised nor reset, whatever its API server says",
        arguments: [
            refused,
            """
            Unable to connect to the server: x509: certificate has expired or is not yet valid: current time is after \
            2025
            """,
            "error: You must be logged in to the server (Unauthorized)", "",
            // kubectl's own log comes before what it says.
            "E1127 15:50:01 memcache.go:238] couldn't get current server API group list\n\(refused)",
        ])
    func notBegun(words: String) async throws {
        try await withFiles(begun: false, data: !words.isEmpty) { played in
            try played.says("readyz", words, code: 1)
            let problem = await #expect(throws: Problem.self) {
                try await step.apply(to: played.machine(Example.master))
            }
            #expect(
                problem?.what == "kubmaster: the API server does not answer; its control plane was left untouched")
            #expect(problem?.why == words.split(separator: "\n").last.map(String.init))
            #expect(try played.calls() == [])
            #expect(played.files("var/lib/kubeforge") == [])
        }
    }

    @Test("that is complete but for its note loses the note, and nothing is done to it")
    func noteLeft() async throws {
        try await withFiles(begun: true) { played in
            try played.says("readyz", "ok")
            try played.says("parts", "node/kubmaster")
            try await step.apply(to: played.machine(Example.master))
            #expect(try played.calls() == [])
            #expect(!played.has(Self.note))
        }
    }

    @Test("that answers, and of which it is not known whether it is complete, is left as it is")
    func notKnown() async throws {
        try await withFiles(begun: true) { played in
            try played.says("readyz", "ok")
            let problem = await #expect(throws: Problem.self) {
                try await step.apply(to: played.machine(Example.master))
            }
            #expect(problem?.what == "kubmaster: it is not known whether kubeadm init finished")
            #expect(problem?.why == Self.refused)
            #expect(try played.calls() == [])
            #expect(played.has(Self.note))
        }
    }

    @Test("that answers and lacks what kubeadm adds last gets that, and its manifests stay as they are")
    func addons() async throws {
        try await withFiles(begun: true) { played in
            try played.says("readyz", "ok")
            try played.says("parts", "Error from server (NotFound): deployments.apps \"coredns\" not found", code: 1)
            try await step.apply(to: played.machine(Example.master))
            #expect(
                try played.calls() == [
                    Self.initialise + " --skip-phases preflight,certs,kubeconfig,kubelet-start,control-plane,etcd"
                ])
            #expect(!played.has(Self.note))
            #expect(played.files("var/lib/kubeforge").contains { $0.hasPrefix("backup-") })
        }
    }

    @Test("that was half finished is initialised again with what is there, after a copy of it was kept")
    func halfFinished() async throws {
        try await withFiles(begun: true) { played in
            try await step.apply(to: played.machine(Example.master))
            let calls = try played.calls()
            #expect(calls.count == 1)
            #expect(calls[0].hasPrefix(Self.goOn) && calls[0].contains("DirAvailable--var-lib-etcd"))
            let copy = try #require(played.files("var/lib/kubeforge").first { $0.hasPrefix("backup-") })
            #expect(played.files("var/lib/kubeforge/\(copy)") == ["kubernetes.tar", "member"])
            #expect(!played.has(Self.note))
        }
    }

    @Test("that was half finished and holds no data may begin anew, with the runtime that it was made with")
    func withoutData() async throws {
        try await withFiles(begun: true, data: false) { played in
            try played.kubeadm(
                "init", does: "case \"$*\" in *ignore*) echo 'error execution phase etcd: no' >&2; exit 1;; esac")
            try await step.apply(to: played.machine(Example.master))
            let calls = try played.calls()
            #expect(calls.count == 3)
            #expect(calls[0].hasPrefix(Self.goOn))
            #expect(calls[1...] == [Self.reset, Self.initialise])
        }
    }

    @Test("that holds data is never reset")
    func withData() async throws {
        try await withFiles(begun: true) { played in
            try played.says(
                "kubeadm", "error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster", code: 1
            )
            let problem = await #expect(throws: Problem.self) {
                try await step.apply(to: played.machine(Example.master))
            }
            #expect(try played.calls().map { $0.hasPrefix(Self.goOn) } == [true])
            #expect(
                problem?.why?.hasPrefix(
                    "error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster\n") == true)
            #expect(problem?.why?.contains("etcd's data are in \(played.root.path)/var/lib/etcd") == true)
            #expect(played.has(Self.note))
        }
    }

    @Test("is waited for only where it has a manifest, until it is ready", arguments: [true, false])
    func restartKubelet(hasManifest: Bool) async throws {
        try await PlayedMachine.during { played in
            try played.root.write("bin/seq", "#!/bin/sh\necho 1 2 3 4\n", mode: 0o755)
            try played.root.write(
                "bin/sleep", "#!/bin/sh\nprintf '0\\nok\\n' > \(played.root.path)/says/readyz\n", mode: 0o755)
            try played.says("readyz", Self.refused, code: 1)
            if hasManifest { try played.write("etc/kubernetes/manifests/kube-apiserver.yaml") }
            try await LocalProgram.run(
                "env",
                [
                    "PATH=\(played.root.path("bin")):/usr/bin:/bin", "sh", "-c",
                    ControlPlane.restartKubelet(below: played.root.path),
                ])
            #expect(try played.calls("systemctl") == ["systemctl enable --now kubelet"])
            #expect(try played.calls("kubectl").count == (hasManifest ? 2 : 0))
        }
    }

    @Test("is bare, half made or whole, as its files say")
    func state() async throws {
        for (files, word) in [
            ([], "bare"), (["etc/kubernetes/pki/ca.crt"], "bare"), (["etc/kubernetes/kubelet.conf"], "half"),
            (["etc/kubernetes/manifests/etcd.yaml"], "half"), (["var/lib/etcd/member"], "half"),
            (["kube-apiserver", "kube-controller-manager"].map { "etc/kubernetes/manifests/\($0).yaml" }, "half"),
            (["kube-apiserver", "kube-scheduler"].map { "etc/kubernetes/manifests/\($0).yaml" }, "half"),
            (["kube-controller-manager", "kube-scheduler"].map { "etc/kubernetes/manifests/\($0).yaml" }, "half"),
            (
                ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map {
                    "etc/kubernetes/manifests/\($0).yaml"
                }, "whole"
            ),
        ] as [([String], String)] {
            try await PlayedMachine.during { played in
                for path in files { try played.write(path) }
                #expect(
                    try await LocalProgram.run("sh", ["-c", ControlPlane.stateLook(below: played.root.path)]) == word
                        + "\n", "\(files)")
            }
        }
    }
}
