import ForgeCore
import ForgeInventory
import ForgePlan

/// The control plane answers: its API server says it is ready, and nothing that kubeforge began there is unfinished.
///
/// A control plane that kubeforge did not begin, or has seen complete, is never initialised or reset: its kubelet is
/// started, and if that does not help, a person is told.
struct ControlPlane: Step {
    let host: Host
    let cluster: Cluster
    let config: RemoteFile

    static let configPath = "/var/lib/kubeforge/kubeadm-init.yaml"

    init(host: Host, cluster: Cluster, configuration: String) {
        self.host = host
        self.cluster = cluster
        config = RemoteFile(Self.configPath, configuration, mode: 0o600)
    }

    var title: String { "\(host.name) answers on 6443" }

    var questions: [Question] { [.command(readyLook), .command(partsLook), Begun.question(.initConfiguration)] }

    func differences(given answers: Answers) -> [Difference] {
        guard isReady(answers) else { return ["the API server does not answer"] }
        return isBegun(answers) ? ["kubeadm init did not finish"] : []
    }

    /// Whoever replaced kube-proxy or CoreDNS keeps the replacement.
    func notes(given answers: Answers, on host: Host) -> [String] {
        guard isReady(answers), !isBegun(answers), case .missing(let objects) = parts(answers) else { return [] }
        return [
            "\(host.name): objects of kubeadm are missing, and are left so: \(objects.joined(separator: "; "))"
        ]
    }

    func apply(to machine: Machine) async throws {
        let state = try await machine.run(Command("sh", "-c", Word(Self.stateLook())).asRoot()).text.trimming(
            while: \.isWhitespace)
        let found = try await Begun.find(.initConfiguration, of: cluster, on: machine)
        guard state == "bare" else {
            guard let begun = found else { return try await wakeOrLeave(machine) }
            return try await goOn(begun, machine, hasAllManifests: state == "whole")
        }
        try await machine.write(config)
        let begun = if let found { found } else { try await Begun.begin(.initConfiguration, of: cluster, on: machine) }
        try await begun.initialise(config.path)
        try await begun.complete()
    }

    /// /readyz, never a marker file: admin.conf is written early in init, and a half-finished one has it, too.
    private var readyLook: String { HostKubectl.asAdmin("get --raw /readyz 2>&1") }

    private var partsLook: String {
        HostKubectl.asAdmin(
            """
            -n kube-system get -o name node/\(host.name) configmap/kubeadm-config deployment/coredns \
            daemonset/kube-proxy 2>&1
            """
        )
    }

    private func isReady(_ answers: Answers) -> Bool {
        let state = answers.command(readyLook)
        return state.exitCode == 0 && state.text.split(whereSeparator: \.isNewline).last == "ok"
    }

    private func isBegun(_ answers: Answers) -> Bool { Begun.isNoted(.initConfiguration, of: cluster, in: answers) }

    private func parts(_ answers: Answers) -> Presence { Presence(answers.command(partsLook)) }

    /// `bare`: nothing that init writes. `whole`: all of the control plane's manifests, so only what comes after them
    /// may be missing.
    static func stateLook(below root: String = "") -> String {
        """
        cd \(root)/etc/kubernetes/manifests 2>/dev/null || cd /
        if [ -f kube-apiserver.yaml ] && [ -f kube-controller-manager.yaml ] && [ -f kube-scheduler.yaml ]; then echo \
        whole; exit; fi
        for path in \(Begun.Work.initConfiguration.obstacles(below: root)); do
          if [ -e "$path" ]; then echo half; exit; fi
        done
        echo bare
        """
    }

    /// A control plane that is only down comes back by itself once its kubelet runs. Nothing more is done to one that
    /// is somebody's.
    private func wakeOrLeave(_ machine: Machine) async throws {
        let answers = try await restartKubelet(machine)
        guard !differences(given: answers).isEmpty else { return }
        throw Problem(
            what: "\(host.name): the API server does not answer; its control plane was left untouched",
            why: answers.command(readyLook).text.split(whereSeparator: \.isNewline).last.map(String.init),
            fix:
                """
                see why: `sudo journalctl -u kubelet -n 50` and `\(KubeadmFailure.containers(cluster.runtime))` on \
                \(host.name); run again when it answers
                """
        )
    }

    /// A half-finished init of kubeforge's own continues with what it finds: kubeadm keeps certificates and etcd's
    /// data.
    private func goOn(_ begun: Begun, _ machine: Machine, hasAllManifests: Bool) async throws {
        let answers = try await restartKubelet(machine)
        if isReady(answers) {
            switch parts(answers) {
            case .there: return try await begun.complete()
            case .notKnown(let words):
                throw Problem(
                    what: "\(host.name): it is not known whether kubeadm init finished", why: words,
                    fix:
                        """
                        run again when `sudo kubectl --kubeconfig \(HostKubectl.adminConfig) get nodes` on \
                        \(host.name) answers
                        """
                )
            case .missing: break
            }
        }
        try await machine.write(config)
        do {
            // The control plane that runs is left as it is: what comes after it is missing.
            let isRunning = isReady(answers) && hasAllManifests
            try await begun.initialise(
                config.path, isRunning ? ["--skip-phases", Self.done] : ["--ignore-preflight-errors", Self.own])
        } catch {
            if isReady(answers) { throw error }
            do { try await begun.reset() } catch let refusal as Problem {
                throw Problem(error, on: host.name).adding(
                    why: [refusal.what, refusal.why].compactMap { $0 }.joined(separator: ": "))
            }
            try await begun.initialise(config.path)
        }
        try await begun.complete()
    }

    private func restartKubelet(_ machine: Machine) async throws -> Answers {
        try await machine.run(Command("sh", "-c", Word(Self.restartKubelet())).asRoot().within(.seconds(240)))
        return try await machine.ask(questions)
    }

    static func restartKubelet(below root: String = "") -> String {
        """
        systemctl enable --now kubelet
        [ -f \(root)/etc/kubernetes/manifests/kube-apiserver.yaml ] || exit 0
        for second in $(seq 60); do
          [ "$(kubectl --kubeconfig \(HostKubectl.adminConfig) --request-timeout=2s get --raw /readyz 2>/dev/null)" \
        = ok ] && exit 0
          sleep 1
        done
        exit 0
        """
    }

    private static let done: Word = "preflight,certs,kubeconfig,kubelet-start,control-plane,etcd"

    /// What kubeadm finds of its own when it continues.
    private static let own: Word = [
        "FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml",
        "FileAvailable--etc-kubernetes-manifests-kube-controller-manager.yaml",
        "FileAvailable--etc-kubernetes-manifests-kube-scheduler.yaml",
        "FileAvailable--etc-kubernetes-manifests-etcd.yaml",
        "DirAvailable--var-lib-etcd", "Port-6443", "Port-10259", "Port-10257", "Port-10250", "Port-2379", "Port-2380",
    ].joinedAsWord
}

extension [String] {
    fileprivate var joinedAsWord: Word { Word(joined(separator: ",")) }
}
