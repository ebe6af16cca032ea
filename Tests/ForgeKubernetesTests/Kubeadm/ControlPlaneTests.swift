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
        host: Example.master, socket: "/run/containerd/containerd.sock", configuration: "kind: InitConfiguration\n")
    private static let initialise = "kubeadm init --config /var/lib/kubeforge/kubeadm-init.yaml --skip-token-print"
    private static let reset = "kubeadm reset --force --cri-socket /run/containerd/containerd.sock"

    /// What is run on a machine whose state is `state`; `succeeds` decides for each kubeadm command in turn.
    private func applied(state: String, answersAfterWake: Bool = false, kubeadm succeeds: [Bool] = [true]) async throws -> [String] {
        let outcomes = Outcomes(succeeds)
        let look = answersAfterWake ? frame("ok") + frame("node/kubmaster") : frame("", code: 1) + frame("", code: 1)
        let (machine, transport) = Example.machine(Example.master, answering: look) { command in
            if command.line.contains("/var/lib/etcd/member") { return Output(state + "\n") }
            if !command.line.hasPrefix("kubeadm init") { return Output() }
            return outcomes.next()
                ? Output() : .failed(1, "error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster\n")
        }
        do { try await step.apply(to: machine) } catch { failure.withLock { $0 = error as? Problem } }
        return await transport.changes.filter { $0.hasPrefix("kubeadm") || $0.contains("enable --now kubelet") }.map {
            $0.hasPrefix("kubeadm") ? $0 : "wake"
        }
    }

    private let failure = Failure()

    @Test("answers when its API server is ready and what kubeadm adds last is there")
    func differences() {
        func texts(_ ready: String, _ addons: Int) -> [String] {
            step.texts([
                step.questions[0]: .command(CommandState(text: ready)), step.questions[1]: .command(CommandState(exitCode: addons)),
            ])
        }
        #expect(texts("ok", 0) == [])
        #expect(texts("ok", 1) == ["kubeadm init did not get to its end"])
        #expect(texts("", 1) == ["the API server does not answer"])
        #expect(texts("[-]etcd failed", 0) == ["the API server does not answer"])
        #expect(!step.questions.contains { "\($0)".contains("-e /etc/kubernetes/admin.conf") }, "a half-finished init has it, too")
    }

    @Test("of a bare machine is initialised, with its configuration in a file for root alone")
    func bare() async throws {
        #expect(try await applied(state: "bare") == [Self.initialise])
        #expect(step.config.mode == 0o600)
    }

    @Test("that is only down comes back by its kubelet, and nothing else is done")
    func down() async throws {
        #expect(try await applied(state: "data", answersAfterWake: true) == ["wake"])
    }

    @Test("that was half finished is initialised again with what is there")
    func halfFinished() async throws {
        let commands = try await applied(state: "data")
        #expect(commands.count == 2)
        #expect(
            commands[1].hasPrefix(
                Self.initialise + " --ignore-preflight-errors FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml,"))
        #expect(commands[1].contains("DirAvailable--var-lib-etcd"))
    }

    @Test("that was half finished and holds no data may begin anew, with the runtime that it was made with")
    func withoutData() async throws {
        let commands = try await applied(state: "half", kubeadm: [false, true])
        #expect(commands.count == 4)
        #expect(commands[2...] == [Self.reset, Self.initialise])
    }

    @Test("that holds data is never reset")
    func withData() async throws {
        let commands = try await applied(state: "data", kubeadm: [false])
        #expect(!commands.contains { $0.contains("reset") })
        #expect(failure.withLock { $0?.why } == "error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster")
    }
}

private final class Failure: Sendable {
    private let problem = Mutex<Problem?>(nil)

    func withLock<Result>(_ body: (inout sending Problem?) -> sending Result) -> sending Result { problem.withLock(body) }
}

private final class Outcomes: Sendable {
    private let rest: Mutex<[Bool]>

    init(_ all: [Bool]) { rest = Mutex(all) }

    func next() -> Bool { rest.withLock { $0.isEmpty ? false : $0.removeFirst() } }
}

@Suite("kubeadm's complaint")
struct KubeadmFailureTests {
    private func problem(_ error: String, output: String = "", runtime: Cluster.Runtime = .containerd) -> Problem {
        KubeadmFailure.problem(
            Command("kubeadm", "init").asRoot(), Example.master,
            Output(standardOutput: Array(output.utf8), standardError: Array(error.utf8), exit: .code(1)), runtime: runtime)
    }

    private static let noContainer =
        "a container of the control plane does not stay up: `sudo ctr -n k8s.io tasks ls` and `sudo journalctl -u kubelet -n 50` on kubmaster"
    private static let noKubelet = "`sudo journalctl -u kubelet -n 50` on kubmaster tells why the kubelet does not come up"

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
                "error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID \"abcdef\"",
                "the clocks of the machines differ, or the token is gone: `timedatectl` on both; run again for a new token"
            ),
            (
                "error execution phase preflight: x509: certificate has expired or is not yet valid",
                "the clocks of the machines differ: `timedatectl` on both"
            ),
            (
                "error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster",
                noContainer
            ),
            ("error execution phase wait-control-plane: could not initialize a Kubernetes cluster", noContainer),
            (
                "error: error execution phase wait-control-plane: failed while waiting for the control plane to start: kube-apiserver check failed at https://10.0.0.1:6443/livez: client rate limiter Wait returned an error: context deadline exceeded",
                noContainer
            ),
            (
                "error: error execution phase wait-control-plane: failed while waiting for the kubelet to start: The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: Get \"http://127.0.0.1:10248/healthz\": context deadline exceeded",
                noKubelet
            ),
            (
                "error: error execution phase kubelet-wait-bootstrap: failed while waiting for the kubelet to start: The HTTP call equal to 'curl -sSL http://127.0.0.1:10248/healthz' returned error: context deadline exceeded",
                noKubelet
            ),
            ("error execution phase kubelet-start: context deadline exceeded", noKubelet),
            (
                "error: error execution phase preflight: couldn't validate the identity of the API Server: failed to request the cluster-info ConfigMap: client rate limiter Wait returned an error: context deadline exceeded",
                "kubmaster does not reach the API server: open 6443/tcp, 10250/tcp and 8472/udp between the machines, and see with `curl -k https://ADDRESS:6443/livez` on kubmaster"
            ),
            (
                "error execution phase preflight: couldn't validate the identity of the API Server: token id \"abcdef\" is invalid for this cluster or it has expired. Use \"kubeadm token create\"",
                "the clocks of the machines differ, or the token is gone: `timedatectl` on both; run again for a new token"
            ),
            (
                "[ERROR SystemVerification]: missing required cgroups: memory",
                "the memory cgroup is off: on a Raspberry Pi add `cgroup_enable=memory cgroup_memory=1` to /boot/firmware/cmdline.txt of kubmaster, and reboot"
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
                "`sudo journalctl -u kubelet -n 50` on kubmaster; run again when the cause is gone: it goes on where it stopped"
            ),
        ])
    func fixes(complaint: String, fix: String) {
        let problem = problem(
            "[preflight] Some fatal errors occurred:\n\t\(complaint)\nTo see the stack trace of this error execute with --v=5 or higher\n")
        #expect(problem == Problem(what: "kubmaster: `sudo kubeadm init` failed with exit code 1", why: complaint, fix: fix))
    }

    /// Until 1.31 the last words were the same, whether the kubelet or a container did not come up.
    @Test("is told by what it said on its way, where its last words are general")
    func onItsWay() {
        let way = "[kubelet-check] The HTTP call equal to 'curl -sSL http://localhost:10248/healthz' failed with error: connection refused."
        #expect(problem("error execution phase certs: something new\n", output: way).fix == Self.noKubelet)
    }

    @Test("with Docker names Docker's journals and containers, and never crictl")
    func docker() {
        #expect(
            problem("\t[ERROR CRI]: container runtime is not running\n", runtime: .docker).fix
                == "the container runtime does not answer: `sudo journalctl -u cri-dockerd -u docker -n 50` on kubmaster")
        let late = problem("error execution phase wait-control-plane: could not initialize a Kubernetes cluster\n", runtime: .docker)
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
