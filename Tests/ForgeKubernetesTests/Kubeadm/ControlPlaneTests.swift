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
        #expect(texts("", 124) == ["the API server does not answer"])
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
        ])
    func notBegun(words: String) async throws {
        try await withFiles(begun: false, data: !words.isEmpty) { played in
            try played.says("readyz", words, code: 1)
            let problem = await #expect(throws: Problem.self) {
                try await step.apply(to: played.machine(Example.master))
            }
            #expect(
                problem?.what == "kubmaster: the API server does not answer; its control plane was left untouched")
            #expect(problem?.why == (words.isEmpty ? nil : words))
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

@Suite("kubeadm's complaint")
struct KubeadmFailureTests {
    private func problem(_ error: String, output: String = "", runtime: Cluster.Runtime = .containerd) -> Problem {
        KubeadmFailure.problem(
            Command("kubeadm", "init").asRoot(), Example.master,
            Output(standardOutput: Array(output.utf8), standardError: Array(error.utf8), exit: .code(1)),
            cluster: Example.cluster { $0.runtime = runtime })
    }

    private static let noContainer =
        """
        a container of the control plane does not stay up: `sudo ctr -n k8s.io tasks ls` and `sudo journalctl -u \
        kubelet -n 50` on kubmaster
        """
    private static let noKubelet =
        "`sudo journalctl -u kubelet -n 50` on kubmaster tells why the kubelet does not come up"

    @Test(
        "is told with what a person does about it",
        arguments: [
            (
                "[ERROR Port-10250]: Port 10250 is in use",
                "another program listens there: `sudo ss -ltnp` on kubmaster names it; stop it, and run again"
            ),
            (
                "[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2",
                "a control plane needs two processors: give kubmaster one more"
            ),
            (
                "[ERROR Mem]: the system RAM (900 MB) is less than the minimum 1700 MB",
                "a control plane needs 1700 MB of memory: give kubmaster more"
            ),
            (
                "[ERROR CRI]: container runtime is not running: output: unknown service runtime.v1.RuntimeService",
                "the container runtime does not answer: `sudo journalctl -u containerd -n 50` on kubmaster"
            ),
            (
                "[ERROR ImagePull]: failed to pull image registry.k8s.io/etcd:3.4.13-0",
                "an image could not be pulled: name a mirror in the inventory (mirrors: registries:)"
            ),
            (
                """
                error execution phase preflight: couldn't validate the identity of the API Server: could not find a \
                JWS signature in the cluster-info ConfigMap for token ID \"abcdef\"
                """,
                """
                the clocks of the machines differ, or the token is gone: `timedatectl` on both; run again for a new \
                token
                """
            ),
            (
                """
                error execution phase preflight: x509: certificate has expired or is not yet valid: current time \
                2026-11-26T10:00:00Z is after 2026-11-20T10:00:00Z
                """,
                """
                see which on kubmaster: `sudo kubeadm certs check-expiration`; `kubeforge provision \
                --renew-certificates inventory/lab.yaml` renews them
                """
            ),
            (
                """
                error execution phase preflight: x509: certificate has expired or is not yet valid: current time \
                2026-11-26T10:00:00Z is before 2026-11-27T10:00:00Z
                """,
                """
                the clock of kubmaster is behind that of kubmaster, or was when the certificate was made: \
                `timedatectl` on both
                """
            ),
            (
                "error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster",
                noContainer
            ),
            ("error execution phase wait-control-plane: could not initialize a Kubernetes cluster", noContainer),
            (
                """
                error: error execution phase wait-control-plane: failed while waiting for the control plane to start: \
                kube-apiserver check failed at https://10.0.0.1:6443/livez: client rate limiter Wait returned an \
                error: context deadline exceeded
                """,
                noContainer
            ),
            (
                """
                error: error execution phase wait-control-plane: failed while waiting for the kubelet to start: The \
                HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: Get \
                \"http://127.0.0.1:10248/healthz\": context deadline exceeded
                """,
                noKubelet
            ),
            (
                """
                error: error execution phase kubelet-wait-bootstrap: failed while waiting for the kubelet to start: \
                The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: context deadline \
                exceeded
                """,
                noKubelet
            ),
            ("error execution phase kubelet-start: context deadline exceeded", noKubelet),
            (
                """
                error: error execution phase preflight: couldn't validate the identity of the API Server: failed to \
                request the cluster-info ConfigMap: client rate limiter Wait returned an error: context deadline \
                exceeded
                """,
                """
                kubmaster does not reach the API server: open 6443/tcp, 10250/tcp and 8472/udp between the machines, \
                and see with `curl -k https://ADDRESS:6443/livez` on kubmaster
                """
            ),
            (
                """
                error execution phase preflight: couldn't validate the identity of the API Server: token id \"abcdef\" \
                is invalid for this cluster or it has expired. Use \"kubeadm token create\"
                """,
                """
                the clocks of the machines differ, or the token is gone: `timedatectl` on both; run again for a new \
                token
                """
            ),
            (
                "[ERROR SystemVerification]: missing required cgroups: memory",
                """
                the memory cgroup is off: on a Raspberry Pi add `cgroup_enable=memory cgroup_memory=1` to \
                /boot/firmware/cmdline.txt of kubmaster, and reboot
                """
            ),
            (
                "[ERROR Swap]: running with swap on is not supported",
                "swap is on again: `cat /proc/swaps` on kubmaster; something turns it on"
            ),
            (
                "error execution phase kubelet-start: timed out waiting for the condition",
                "`sudo journalctl -u kubelet -n 50` on kubmaster tells why the kubelet does not come up"
            ),
            (
                "error execution phase certs: something new",
                "`sudo journalctl -u kubelet -n 50` on kubmaster; fix the cause, then run again to continue"
            ),
        ])
    func fixes(complaint: String, fix: String) {
        let problem = problem(
            """
            [preflight] Some fatal errors occurred:\n\t\(complaint)\nTo see the stack trace of this error execute with \
            --v=5 or higher\n
            """
        )
        #expect(
            problem == Problem(what: "kubmaster: `sudo kubeadm init` failed with exit code 1", why: complaint, fix: fix)
        )
    }

    /// Until 1.31 the last words were the same, whether the kubelet or a container did not come up: what kubeadm 1.23,
    /// 1.26 and 1.31 say on their way, each with its last words.
    @Test(
        "is told by what it said on its way, where its last words are general",
        arguments: [
            (
                """
                [kubelet-check] Initial timeout of 40s passed.
                [kubelet-check] It seems like the kubelet isn't running or healthy.
                [kubelet-check] The HTTP call equal to 'curl -sSL http://localhost:10248/healthz' failed with error: \
                Get \"http://localhost:10248/healthz\": dial tcp [::1]:10248: connect: connection refused.
                """, "couldn't", noKubelet
            ),
            (
                """
                [kubelet-check] Initial timeout of 40s passed.\n[kubelet-check] It seems like the kubelet isn't \
                running or healthy.
                """,
                "couldn't", noKubelet
            ),
            (
                """
                [kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:10248/healthz. This can take up to \
                4m0s
                [kubelet-check] The kubelet is not healthy after 4m0.000305682s
                """, "could not", noKubelet
            ),
            ("[kubelet-check] Initial timeout of 40s passed.", "couldn't", noContainer),
            (
                """
                [kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:10248/healthz. This can take up to \
                4m0s
                [kubelet-check] The kubelet is healthy after 501.293317ms
                [api-check] Waiting for a healthy API server. This can take up to 4m0s
                [api-check] The API server is not healthy after 4m0.000305682s
                """, "could not", noContainer
            ),
        ])
    func onItsWay(way: String, words: String, fix: String) {
        let last = "error execution phase wait-control-plane: \(words) initialize a Kubernetes cluster\n"
        #expect(problem(last, output: way).fix == fix)
    }

    @Test("in a form that is not known is told by what it said on its way, too")
    func newForm() {
        let way =
            """
            [kubelet-check] The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: \
            connection refused.
            """
        #expect(problem("error execution phase certs: something new\n", output: way).fix == Self.noKubelet)
    }

    @Test("with Docker names Docker's journals and containers, and never crictl")
    func docker() {
        #expect(
            problem("\t[ERROR CRI]: container runtime is not running\n", runtime: .docker).fix
                == """
                the container runtime does not answer: `sudo journalctl -u cri-dockerd -u docker -n 50` on kubmaster
                """
        )
        let late = problem(
            "error execution phase wait-control-plane: could not initialize a Kubernetes cluster\n", runtime: .docker)
        #expect(late.fix?.contains("`sudo docker ps -a`") == true)
    }

    @Test("keeps every one of several errors")
    func several() {
        #expect(
            problem("\t[ERROR NumCPU]: few\n\t[ERROR Mem]: little\n\t[ERROR Mem]: little\n").why
                == "[ERROR NumCPU]: few\n[ERROR Mem]: little")
    }

    @Test("in no known form is told by its last words")
    func unknown() {
        #expect(problem("flag provided but not defined\n").why == "flag provided but not defined")
    }
}
