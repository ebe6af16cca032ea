import ForgeCore
import ForgeInventory
import ForgePlan

/// The control plane answers: its API server says it is ready, its node is registered, and what kubeadm adds last is there.
struct ControlPlane: Step {
    let host: Host
    /// The container runtime's; two may be present.
    let socket: String
    let runtime: Cluster.Runtime
    let config: RemoteFile
    /// kubeadm hands it on to the control plane's pods.
    let proxy: Proxy?

    static let configPath = "/var/lib/kubeforge/kubeadm-init.yaml"

    init(host: Host, socket: String, runtime: Cluster.Runtime = .containerd, configuration: String, proxy: Proxy? = nil) {
        self.proxy = proxy
        self.host = host
        self.socket = socket
        self.runtime = runtime
        config = RemoteFile(Self.configPath, configuration, mode: 0o600)
    }

    var title: String { "\(host.name) answers on 6443" }

    var questions: [Question] { [.command(readyLook), .command(addonsLook)] }

    func differences(given answers: Answers) -> [Difference] {
        guard answers.command(readyLook).text == "ok" else { return ["the API server does not answer"] }
        let state = answers.command(addonsLook)
        return state.exitCode == 0 ? [] : ["kubeadm init did not get to its end"]
    }

    func apply(to machine: Machine) async throws {
        try await machine.write(config)
        let state = try await machine.run(Command("sh", "-c", Word(Self.stateLook)).asRoot()).text.trimming(while: \.isWhitespace)
        switch state {
        case "bare": try await start(machine, resuming: false)
        default: try await resume(machine, hasData: state == "data")
        }
    }

    /// /readyz, never a marker file: admin.conf is written early in init, and a half-finished one has it, too.
    private var readyLook: String { Kubectl.asAdmin("get --raw /readyz") }

    private var addonsLook: String {
        Kubectl.asAdmin("-n kube-system get -o name node/\(host.name) configmap/kubeadm-config deployment/coredns daemonset/kube-proxy")
    }

    private static let stateLook = """
        if [ -d /var/lib/etcd/member ]; then echo data; elif [ -e /etc/kubernetes/admin.conf ] || [ -e /etc/kubernetes/pki/ca.crt ] || [ -e /etc/kubernetes/manifests/etcd.yaml ]; then echo half; else echo bare; fi
        """

    /// A control plane that is only down comes back by itself once its kubelet runs; that is tried before anything else.
    /// A half-finished init is run again with what it finds: kubeadm keeps certificates and etcd's data, so nothing is lost.
    private func resume(_ machine: Machine, hasData: Bool) async throws {
        try await machine.run(Command("sh", "-c", Word(Self.wake)).asRoot().within(.seconds(120)))
        if try await differences(given: machine.ask(questions)).isEmpty { return }
        do {
            try await start(machine, resuming: true)
        } catch {
            guard !hasData else { throw error }
            try await machine.run(Command("kubeadm", "reset", "--force", "--cri-socket", Word(socket)).asRoot().within(.seconds(300)))
            try await start(machine, resuming: false)
        }
    }

    private static let wake = """
        systemctl enable --now kubelet || true
        [ -f /etc/kubernetes/manifests/kube-apiserver.yaml ] || exit 0
        for second in $(seq 60); do
          [ "$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=2s get --raw /readyz 2>/dev/null)" = ok ] && exit 0
          sleep 1
        done
        exit 0
        """

    private func start(_ machine: Machine, resuming: Bool) async throws {
        let found =
            "FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml,FileAvailable--etc-kubernetes-manifests-kube-controller-manager.yaml,"
            + "FileAvailable--etc-kubernetes-manifests-kube-scheduler.yaml,FileAvailable--etc-kubernetes-manifests-etcd.yaml,DirAvailable--var-lib-etcd,"
            + "Port-6443,Port-10259,Port-10257,Port-10250,Port-2379,Port-2380"
        let words: [Word] = ["kubeadm", "init", "--config", Word(config.path), "--skip-token-print"]
        let command = Command(words + (resuming ? ["--ignore-preflight-errors", Word(found)] : [])).through(proxy).asRoot().within(
            .seconds(900))
        let output = try await machine.attempt(command)
        guard output.isSuccess else { throw KubeadmFailure.problem(command, machine.host, output, runtime: runtime) }
    }
}
