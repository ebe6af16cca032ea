import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

/// On a machine that was joined before, or that an earlier run left half-way.
extension JoinTests {
    @Test(
        "never resets a node that kubeforge has seen complete, whatever fails",
        arguments: [
            refused, "Unable to connect to the server: x509: certificate signed by unknown authority",
            "error: You must be logged in to the server (Unauthorized)", gone, "",
        ])
    func complete(words: String) async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", words, code: 1)
            try played.says("node", "False")
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.what == "kubnode: is a node that cannot reach its cluster; it was left untouched")
            #expect(problem?.fix?.contains("kubeadm reset") == false)
            #expect(try played.calls() == [])
            #expect(try played.calls("systemctl") == (words == Self.gone ? ["systemctl restart kubelet"] : []))
            #expect(played.has("etc/kubernetes/kubelet.conf"))
        }
    }

    @Test(
        "of a complete node whose kubelet was off until its certificate ended says so in its words, with a cure",
        arguments: CertificatesTests.journals)
    func expired(journal: String, words: String) async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", "error: You must be logged in to the server (Unauthorized)", code: 1)
            try played.says("journalctl", journal)
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.what == "kubnode: is a node that cannot reach its cluster; it was left untouched")
            #expect(problem?.why == words)
            #expect(problem?.fix == Certificates.kubeletCure(Example.node))
            #expect(try played.calls() == [])
        }
    }

    @Test("of a complete node that was taken out of the cluster is a restart of its kubelet")
    func registersAgain() async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", Self.gone, code: 1)
            try played.root.write(
                "does-systemctl-restart", "printf '0\nnode/kubnode\n' > \(played.root.path)/says/own\n")
            try await join().apply(to: played.machine(Example.node))
            #expect(try played.calls() == [])
            #expect(try played.calls("systemctl") == ["systemctl restart kubelet"])
        }
    }

    @Test("of a complete node whose API server restarts is waited for, and nothing is done to it")
    func waitsForServer() async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", Self.refused, code: 1)
            try later(played, look: 3, "node/kubnode", code: 0)
            try await join(within: .seconds(60)).apply(to: played.machine(Example.node))
            #expect(try played.calls("kubectl").count == 3)
            #expect(try played.calls() + played.calls("systemctl") == [])
        }
    }

    @Test("of a complete node that does not reach its API server in time says what it heard last")
    func lastWords() async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", Self.refused, code: 1)
            let words = "error: You must be logged in to the server (Unauthorized)"
            try later(played, look: 2, words, code: 1)
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.why == words)
            #expect(problem?.fix?.contains(Certificates.kubeletCure(Example.node)) == true)
        }
    }

    @Test(
        "of a complete node says what a person does, by what the API server said",
        arguments: [
            (
                "Unable to connect to the server: x509: certificate has expired or is not yet valid",
                Certificates.kubeletCure(Example.node)
            ),
            (
                """
                error: You must be logged in to the server (the server has asked for the client to provide credentials)
                """,
                Certificates.kubeletCure(Example.node)
            ),
            ("error: Unauthorized", Certificates.kubeletCure(Example.node)),
            (
                "Unable to connect to the server: x509: certificate signed by unknown authority",
                "kubmaster has another certificate authority than the cluster that kubnode joined"
            ),
            (
                refused,
                "see why: `sudo kubectl --kubeconfig /etc/kubernetes/kubelet.conf get node kubnode` on kubnode"
            ),
        ])
    func cures(words: String, cure: String) async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", words, code: 1)
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.why == words)
            #expect(problem?.fix?.contains(cure) == true)
        }
    }

    @Test("of a complete node ends with the first Ctrl-C, between two looks")
    func interruptedRegistration() async throws {
        try await withFiles(begun: false) { played in
            try played.says("own", Self.refused, code: 1)
            let machine = Machine(
                host: Example.node, transport: played.transport, rights: rights(isInterrupted: true))
            await #expect(throws: Self.stopped) { try await join(within: .seconds(60)).apply(to: machine) }
            #expect(try played.calls("kubectl").count == 2)
        }
    }

    /// What the API server says of the node from this look on.
    private func later(_ played: PlayedMachine, look: Int, _ words: String, code: Int) throws {
        let root = played.root.path
        try played.root.write(
            "does-kubectl---kubeconfig",
            """
            [ "$(grep -c kubelet.conf \(root)/calls)" -lt \(look) ] ||
              printf '\(code)\\n%s\\n' '\(words)' > \(root)/says/own

            """)
    }

    @Test(
        "that kubeforge began is taken back only when the cluster says that the node does not work",
        arguments: [
            ("", 0), ("False", 0), ("Unknown", 0), (gone, 1),
        ] as [(String, Int)])
    func lost(said: String, code: Int) async throws {
        try await withFiles(begun: true) { played in
            try played.says("own", Self.refused, code: 1)
            try played.says("node", said, code: code)
            try played.write("etc/kubernetes/admin.conf")
            try played.kubeadm("reset", does: "rm -f \"$root/etc/kubernetes/kubelet.conf\"")
            try await join().apply(to: played.machine(Example.node))
            let calls = try played.calls().filter { !$0.contains("token") }
            #expect(
                calls == [
                    "kubeadm reset --force --cri-socket /run/containerd/containerd.sock",
                    "kubeadm join --config /var/lib/kubeforge/kubeadm-join.yaml",
                ])
            #expect(played.files("var/lib/kubeforge").map { $0.prefix(7) } == ["backup-"])
        }
    }

    @Test("that kubeforge began, and that left nothing, is not taken back before it joins")
    func nothingLeft() async throws {
        try await withFiles(begun: true) { played in
            try FileManager.default.removeItem(atPath: played.root.path("etc/kubernetes/kubelet.conf"))
            try played.says("node", Self.gone, code: 1)
            try played.write("etc/kubernetes/admin.conf")
            try await join().apply(to: played.machine(Example.node))
            let calls = try played.calls().filter { !$0.contains("token") }
            #expect(calls == ["kubeadm join --config /var/lib/kubeforge/kubeadm-join.yaml"])
        }
    }

    @Test(
        "that kubeforge began is left alone while nobody knows whether the node works",
        arguments: [
            ("True", 0, "kubnode: is a Ready node but cannot reach its API server"),
            (refused, 1, "kubnode: could not determine whether it is a working node; it was left untouched"),
            ("", 124, "kubnode: could not determine whether it is a working node; it was left untouched"),
        ] as [(String, Int, String)])
    func unclear(said: String, code: Int, what: String) async throws {
        try await withFiles(begun: true) { played in
            try played.says("own", Self.refused, code: 1)
            try played.says("node", said, code: code)
            let problem = await #expect(throws: Problem.self) {
                try await join().apply(to: played.machine(Example.node))
            }
            #expect(problem?.what == what)
            #expect(try played.calls() == [])
            #expect(played.has(Self.note) && played.has("etc/kubernetes/kubelet.conf"))
        }
    }

    @Test("that got to its end but for the note loses the note alone")
    func noteLeft() async throws {
        try await withFiles(begun: true) { played in
            try await join().apply(to: played.machine(Example.node))
            #expect(try played.calls() == [])
            #expect(!played.has(Self.note) && played.has("etc/kubernetes/kubelet.conf"))
        }
    }

    @Test("that was killed leaves no token: its file is removed by the next run")
    func killed() throws {
        let stage = try #require(
            try Example.plan(Example.cluster()).stages.first { $0.name == "the workers have joined" })
        let step = try #require(stage.steps(for: "kubnode").first as? FileIsAbsent)
        #expect(step.path == "/var/lib/kubeforge/kubeadm-join.yaml")
        #expect(
            step.texts([.file(step.path): .file(FileState(mode: 0o600))]) == [
                "/var/lib/kubeforge/kubeadm-join.yaml exists"
            ])
    }

    /// A machine that kubeadm joined, or began to: with its note where `begun`.
    private func withFiles(begun: Bool, _ body: (PlayedMachine) async throws -> Void) async throws {
        try await PlayedMachine.during { played in
            if begun { try await played.note(.joinConfiguration) }
            try played.write("etc/kubernetes/kubelet.conf")
            try played.kubeadm("token", does: "echo \(joinSecret); exit 0")
            try played.root.write("bin/openssl", "#!/bin/sh\n", mode: 0o755)
            try await body(played)
        }
    }
}
