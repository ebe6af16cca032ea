import ForgeCore
import ForgeInventory
import ForgePlan

/// Work of kubeadm that kubeforge began on a machine and has not seen complete: nothing else may be started over or
/// reset.
///
/// Only this type runs `kubeadm init` and `kubeadm reset`, and a value of it exists only where the machine has the
/// note. The note is written where nothing of a cluster is, and names the cluster, so that it never speaks for somebody
/// else's files.
struct Begun: Sendable {
    enum Work: String, Sendable, CaseIterable {
        case initConfiguration = "begun-init"
        case joinConfiguration = "begun-join"

        var path: String { "/var/lib/kubeforge/\(rawValue)" }

        /// What a machine has that the work would be done over. kubeadm keeps a control plane's own certificate
        /// authority.
        func obstacles(below root: String) -> String {
            let paths = [
                "/etc/kubernetes/admin.conf", "/etc/kubernetes/kubelet.conf", "/etc/kubernetes/bootstrap-kubelet.conf",
                "/etc/kubernetes/manifests/*.yaml", "/var/lib/etcd/member",
            ]
            return (paths + (self == .joinConfiguration ? ["/etc/kubernetes/pki/ca.crt"] : [])).map { root + $0 }
                .joined(separator: " ")
        }
    }

    let work: Work
    private let machine: Machine
    private let cluster: Cluster

    private init(_ work: Work, _ machine: Machine, _ cluster: Cluster) {
        self.work = work
        self.machine = machine
        self.cluster = cluster
    }

    static func question(_ work: Work) -> Question { .contents(work.path) }

    /// Whether the machine has the note of this cluster's work.
    static func isNoted(_ work: Work, of cluster: Cluster, in answers: Answers) -> Bool {
        answers.text(work.path)?.trimming(while: \.isWhitespace) == mark(cluster)
    }

    /// What kubeforge began and has not seen complete; nil where it began nothing.
    static func find(_ work: Work, of cluster: Cluster, on machine: Machine) async throws -> Begun? {
        isNoted(work, of: cluster, in: try await machine.ask([question(work)])) ? Begun(work, machine, cluster) : nil
    }

    /// Notes that the work begins; refuses where something of a cluster is there already. The machine itself looks and
    /// notes at once.
    static func begin(_ work: Work, of cluster: Cluster, on machine: Machine) async throws -> Begun {
        let command = Command("sh", "-c", Word(begin(work)), "sh", Word(mark(cluster))).asRoot()
        let output = try await machine.attempt(command)
        if output.exit == .code(3) { throw Problem(notBegunHere: output.lastLine ?? "", on: machine.host) }
        guard output.isSuccess else { throw Problem(failed: command, on: machine.host, output) }
        return Begun(work, machine, cluster)
    }

    /// The note goes: what was begun is complete.
    func complete() async throws {
        try await machine.run(Command("rm", "-f", "--", Word(work.path)).asRoot())
    }

    /// Runs `kubeadm init`; `options` say what it goes over. What is there is copied first.
    func initialise(_ config: String, _ options: [Word] = []) async throws {
        if !options.isEmpty { try await keepCopy() }
        let words: [Word] = ["kubeadm", "init", "--config", Word(config), "--skip-token-print"]
        let command = Command(words + options).through(cluster.outgoing).asRoot().within(.seconds(900))
        let output = try await machine.attempt(command)
        guard output.isSuccess else { throw KubeadmFailure.problem(command, machine.host, output, cluster: cluster) }
    }

    /// Takes back what was begun, after a copy of it was kept. Not where etcd has data, and not what was there before
    /// the note.
    func reset() async throws {
        let look = Command("sh", "-c", Word(Self.keepers()), "sh", Word(work.path)).asRoot()
        let keepers = try await machine.run(look).text.trimming(while: \.isWhitespace)
        guard keepers.isEmpty else {
            throw Problem(
                what: "\(machine.host.name): its setup was interrupted, and it is not reset because of what it holds",
                why: keepers,
                fix:
                    """
                    check whether it is still needed; if not, move it away: `sudo mv PATH PATH.before`, and \
                    run again
                    """
            )
        }
        try await keepCopy()
        let command = Command("kubeadm", "reset", "--force", "--cri-socket", Word(RuntimeSocket.path(for: cluster)))
        try await machine.run(command.asRoot().within(.seconds(300)))
    }

    private func keepCopy() async throws {
        let command = Command("sh", "-c", Word(Self.copy()), "sh", Word(cluster.runtime.rawValue)).asRoot().within(
            .seconds(300))
        let output = try await machine.run(
            command, fix: "is there space left on \(machine.host.name)? `df -h /var` tells")
        machine.tell("a copy of what was there is in \(output.text.trimming(while: \.isWhitespace))")
    }

    private static func mark(_ cluster: Cluster) -> String {
        "\(cluster.name) https://\(cluster.firstControlPlane.address):6443"
    }
}

extension Begun {
    static func begin(_ work: Work, below root: String = "") -> String {
        """
        set -eu; umask 077
        for path in \(work.obstacles(below: root)); do
          if [ -e "$path" ]; then echo "$path exists"; exit 3; fi
        done
        \(ShellFunction.place)
        mkdir -p -- \(root)/var/lib/kubeforge
        printf '%s\\n' "$1" > \(root)\(work.path).new
        place \(root)\(work.path).new \(root)\(work.path)
        """
    }

    /// Names what a reset would destroy that kubeforge did not make; nothing means that there is none.
    static func keepers(below root: String = "") -> String {
        """
        set -u
        \(EtcdData.find(below: root))
        [ "$etcd" != data ] || echo "etcd's data are in $directory"
        [ "$etcd" != external ] || echo "its etcd is outside of the machine: $servers"
        [ -e "\(root)$1" ] || { echo "kubeforge has no record that it began this"; exit 0; }
        cd \(root)/etc/kubernetes 2>/dev/null || exit 0
        find pki manifests *.conf -type f ! -newer "\(root)$1" -printf '\(root)/etc/kubernetes/%p is older than what \
        kubeforge began\\n' 2>/dev/null
        exit 0
        """
    }

    /// Prints the directory of the copy. A snapshot of a running etcd, or its files where none runs; nothing is copied
    /// that is not there.
    static func copy(below root: String = "") -> String {
        """
        set -eu; umask 077; LC_ALL=C; export LC_ALL
        \(ShellFunction.place)
        mkdir -p -- \(root)/var/lib/kubeforge
        copy=$(mktemp -d "\(root)/var/lib/kubeforge/backup-$(date -u +%Y-%m-%dT%H-%M-%SZ)-XXXX")
        for path in \(root)/etc/kubernetes \(root)/var/lib/kubelet/pki \(root)/var/lib/kubelet/config.yaml; do
          [ ! -e "$path" ] || printf '%s\\n' "${path#/}"
        done > "$copy/list"
        [ ! -s "$copy/list" ] || tar -C / -cf "$copy/kubernetes.tar" -T "$copy/list"
        rm -f -- "$copy/list"
        \(EtcdData.find(below: root))
        if [ "$etcd" = data ]; then
          \(EtcdData.snapshot)
          if ! snapshot "$1" "$directory" "$copy"; then cp -a -- "$directory/member" "$copy/member"; fi
        fi
        sync
        echo "$copy"
        """
    }
}

/// Where a control plane's etcd keeps its data: where its own manifest says, in whichever line, or kubeadm's usual
/// place.
private enum EtcdData {
    /// Sets `etcd` to `data`, `external` or `none`, and `directory` or `servers` to where.
    static func find(below root: String = "") -> String {
        """
        etcd=none; servers=''; directory=''; manifests=\(root)/etc/kubernetes/manifests
        named=$(sed -n 's/^.*--data-dir=\\([^ "]*\\).*/\\1/p' "$manifests/etcd.yaml" 2>/dev/null) || named=''
        for each in $named /var/lib/etcd; do
          if [ "$etcd" = none ] && [ -e "\(root)$each/member" ]; then etcd=data; directory=\(root)$each; fi
        done
        if [ "$etcd" = none ] && [ ! -e "$manifests/etcd.yaml" ] && [ -e "$manifests/kube-apiserver.yaml" ]; then
          for each in $(sed -n 's/^.*--etcd-servers=\\([^ "]*\\).*/\\1/p' "$manifests/kube-apiserver.yaml"); do
            [ "$each" = https://127.0.0.1:2379 ] || { etcd=external; servers=$each; }
          done
        fi
        """
    }

    /// etcdctl is in etcd's own image. It writes into the data directory, which is the same inside and outside.
    static let snapshot = """
        snapshot() {
          pki=/etc/kubernetes/pki/etcd
          set -- "$1" "$2" "$3" --endpoints https://127.0.0.1:2379 --cacert $pki/ca.crt \\
            --cert $pki/healthcheck-client.crt --key $pki/healthcheck-client.key snapshot save "$2/kubeforge.snapshot"
          runtime=$1 data=$2 to=$3; shift 3
          if [ "$runtime" = docker ]; then
            id=$(docker ps -q --filter label=io.kubernetes.container.name=etcd --filter \
        label=io.kubernetes.docker.type=container) || return 1
            [ -n "$id" ] || return 1
            timeout 120 docker exec "${id%%[!0-9a-f]*}" etcdctl "$@" >&2 || return 1
          else
            done=''
            for id in $(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.container.name"==etcd'); do
              if timeout 120 ctr -n k8s.io tasks exec --exec-id "kubeforge-$$" "$id" etcdctl "$@" >&2; then done=1; \
        break; fi
            done
            [ -n "$done" ] || return 1
          fi
          place "$data/kubeforge.snapshot" "$to/etcd.snapshot"
        }
        """
}

extension Problem {
    /// A machine with something of a cluster that kubeforge did not begin, or has long completed.
    init(notBegunHere what: String, on host: Host) {
        self.init(
            what: "\(host.name): has files of a cluster that kubeforge did not create; it was left untouched",
            why: what,
            fix:
                """
                if this is the wrong machine, correct the inventory; if nobody needs them, move them away and run \
                again: `sudo mv /etc/kubernetes /etc/kubernetes.before` on \(host.name) (and /var/lib/etcd likewise)
                """)
    }
}
