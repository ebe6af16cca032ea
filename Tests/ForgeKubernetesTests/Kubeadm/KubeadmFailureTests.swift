import ForgeCore
import ForgeInventory
import Testing

@testable import ForgeKubernetes

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

    @Test("is told by its last words where they are clear, whatever it said on its way")
    func clear() {
        let last =
            """
            error: error execution phase wait-control-plane: failed while waiting for the control plane to start: \
            context deadline exceeded\n
            """
        let way = "[kubelet-check] It seems like the kubelet isn't running or healthy.\n"
        #expect(problem(last, output: way).fix == Self.noContainer)
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
