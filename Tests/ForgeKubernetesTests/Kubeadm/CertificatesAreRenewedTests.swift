import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("A renewal of certificates")
struct CertificatesAreRenewedTests {
    private let step = CertificatesAreRenewed(
        host: Example.master, cluster: Example.cluster(), configuration: "kind: InitConfiguration\n")
    private static let parts = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]

    @Test("is needed by certificates that are not of today, and until all that runs uses them")
    func differences() {
        func texts(days: Int, age: Int, note: Bool) -> [String] {
            let now = 1_795_651_200
            let line =
                """
                now \(now) 2026-11-26\nend \(now + days * 86_400) 2027-01-01 \(now - age) \
                /etc/kubernetes/pki/apiserver.crt
                """
            return step.texts([
                step.questions[0]: .command(CommandState(text: line)),
                step.questions[1]: .file(note ? FileState() : nil),
            ])
        }
        #expect(texts(days: 365, age: 86_399, note: false) == [])
        #expect(texts(days: 365, age: 86_400, note: false) == ["pki/apiserver.crt ends on 2027-01-01"])
        #expect(texts(days: 0, age: 5, note: false) == ["pki/apiserver.crt ends on 2027-01-01"])
        #expect(texts(days: 365, age: 5, note: true) == ["the control plane does not use the new certificates yet"])
    }

    @Test("makes new ones where some are old, and only restarts what runs where all are of today")
    func apply() async throws {
        let now = 1_795_651_200
        for (age, work) in [(86_400, "renew"), (5, "restart")] {
            let line =
                """
                now \(now) 2026-11-26\nend \(now + 864_000) 2026-12-06 \(now - age) \
                /etc/kubernetes/pki/apiserver.crt
                """
            let look = String(repeating: frame(""), count: 4) + frame(line)
            let (machine, transport) = Example.machine(Example.master, answering: look)
            try await step.apply(to: machine)
            let changes = await transport.commands.filter { !$0.isLook }
            #expect(changes.count == 2)
            #expect(changes.first == step.config.write)
            let words = changes.last?.words.suffix(3).map(\.text)
            #expect(words == ["/var/lib/kubeforge/kubeadm-init.yaml", "containerd", work])
        }
    }

    /// A control plane whose kubelet starts a container again under another number when it was ended. `failing`: which
    /// calls of the runtime fail, by their number. `ready`: what the API server says of itself.
    private func run(
        _ runtime: String, _ work: String, kubelet: Bool = true, restarts: Bool = true,
        failing: ClosedRange<Int>? = nil, ready: String = "ok", code: Int = 0,
        shell: String = "sh"
    ) async throws -> (calls: [String], said: String, note: Bool, copies: Int) {
        var result: (calls: [String], said: String, note: Bool, copies: Int) = ([], "", false, 0)
        try await PlayedMachine.during { played in
            for part in Self.parts {
                try played.write("etc/kubernetes/manifests/\(part).yaml")
                try played.write("runs/\(part)", "1\(part)")
            }
            try played.says("readyz", ready, code: code)
            if work == "restart" { try played.write("var/lib/kubeforge/begun-renewal") }
            if !kubelet { try played.says("systemctl", "", code: 3) }
            let runs = played.root.path("runs")
            let end =
                restarts
                ? "for part in \(runs)/*; do [ \"$(cat $part)\" != \"$id\" ] || echo \"2${part##*/}\" > \"$part\"; done"
                : ":"
            try played.root.write(
                "bin/\(runtime == "docker" ? "docker" : "ctr")",
                """
                #!/bin/sh
                echo "\(runtime) $*" >> \(played.root.path("calls"))
                count=$(grep -c '^\(runtime) ' \(played.root.path("calls")))
                if [ "$count" -ge \(failing?.lowerBound ?? 1) ] && [ "$count" -le \(failing?.upperBound ?? 0) ]; then
                  echo 'connection refused' >&2; exit 1
                fi
                case "$*" in
                *"tasks ls"*) for part in \(runs)/*; do echo "$(cat $part)   1234   RUNNING"; done ;;
                *"containers ls"*) part=${*##*==}; echo "0$part"; cat "\(runs)/$part" ;;
                "ps "*) part=${3}; part=${4##*name=}; cat "\(runs)/$part" ;;
                *"kill"*) for id; do :; done; \(end) ;;
                esac

                """, mode: 0o755)
            result.said = try await LocalProgram.run(
                "env",
                [
                    "PATH=\(played.root.path("bin")):/usr/bin:/bin", "sh", "-c",
                    "\(shell) -c \"$1\" sh /config \(runtime) \(work) 2>&1; echo \"ended $?\"", "sh",
                    CertificatesAreRenewed.script(below: played.root.path).replacing("-eq 360", with: "-eq 2")
                        .replacing(
                            "= 360", with: "= 2"),
                ])
            result.calls = try played.calls() + played.calls(runtime).filter { $0.contains("kill") }
            result.note = played.has("var/lib/kubeforge/begun-renewal")
            result.copies = played.files("var/lib/kubeforge").count { $0.hasPrefix("backup-") }
        }
        return result
    }

    @Test(
        "makes them anew, keeps a copy, and ends each container of the control plane, which its kubelet starts again",
        arguments: ["containerd", "docker"])
    func renews(runtime: String) async throws {
        let (calls, said, note, copies) = try await run(runtime, "renew")
        #expect(said.hasSuffix("ended 0\n"), "\(said)")
        #expect(calls.first == "kubeadm certs renew all --config /config")
        let kill =
            runtime == "docker" ? "docker kill --signal TERM 1" : "containerd -n k8s.io tasks kill --signal SIGTERM 1"
        #expect(calls.dropFirst().map { $0 } == Self.parts.map { kill + $0 })
        #expect(!note && copies == 1)
    }

    @Test("that was killed goes on with the restart alone")
    func goesOn() async throws {
        let (calls, said, note, copies) = try await run("docker", "restart")
        #expect(said.hasSuffix("ended 0\n"))
        #expect(calls == Self.parts.map { "docker kill --signal TERM 1\($0)" })
        #expect(!note && copies == 0)
    }

    /// What the runtime does not say is not that nothing runs: the old containers counted as new then.
    @Test(
        "ends none while the runtime does not say which containers run, and is not over then",
        arguments: ["containerd", "docker"], ["dash", "bash"])
    func notKnown(runtime: String, shell: String) async throws {
        for failing in [1...1, 1...4, 2...2, 4...4] {
            let (calls, said, note, _) = try await run(runtime, "restart", failing: failing, shell: shell)
            #expect(said.hasPrefix("connection refused\n\(runtime) does not say which containers of "), "\(said)")
            #expect(said.hasSuffix("run\nended 1\n"), "\(said)")
            #expect(calls == [] && note, "\(failing)")
        }
    }

    @Test("waits on where the runtime does not say for a moment what runs again", arguments: ["containerd", "docker"])
    func notKnownForAMoment(runtime: String) async throws {
        // Behind the lists and the four ends.
        let first = runtime == "docker" ? 9 : 13
        let (calls, said, note, _) = try await run(runtime, "restart", failing: first...first)
        #expect(said == "connection refused\nended 0\n")
        #expect(calls.count == 4 && !note)
    }

    @Test(
        "is not over before the API server says that it is ready, and tells what it said",
        arguments: [("The connection to the server 10.77.0.11:6443 was refused", 1), ("[-]etcd failed", 0)])
    func notReady(words: String, code: Int) async throws {
        let (calls, said, note, _) = try await run("docker", "restart", ready: words, code: code)
        #expect(said == "not started again: the API server: \(words)\nended 1\n")
        #expect(calls.count == 4 && note)
    }

    @Test("ends no container where no kubelet would start it again")
    func kubelet() async throws {
        let (calls, said, _, copies) = try await run("docker", "renew", kubelet: false)
        #expect(said == "the kubelet does not run, and nothing else would start the control plane again\nended 1\n")
        #expect(calls == [] && copies == 0)
    }

    @Test("is not over before each of them runs again, and says which does not")
    func waits() async throws {
        let (_, said, note, _) = try await run("docker", "renew", restarts: false)
        #expect(
            said.hasSuffix("not started again: etcd kube-apiserver kube-controller-manager kube-scheduler\nended 1\n"))
        #expect(note)
    }
}
