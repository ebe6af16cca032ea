import ForgeCore
import ForgeInventory
import ForgePlan

/// When the certificates end that kubeadm and the kubelet made on a machine, by the machine's own clock.
struct Certificates: Sendable {
    struct Certificate: Sendable, Hashable {
        let path: String
        /// Seconds since 1970.
        let end: Int
        /// The day of it: `2026-12-31`.
        let day: String
        /// When the file was written; kubeadm's certificates say of themselves that they are as old as their authority.
        let written: Int

        var name: String { path.replacing("/etc/kubernetes/", with: "") }
        var isKubelets: Bool { path == Certificates.kubelet }
        var isAuthority: Bool { path.hasSuffix("ca.crt") }
        /// Whether `kubeadm certs renew` renews it.
        var isRenewable: Bool { !isKubelets && !isAuthority }
    }

    private(set) var now = 0
    private(set) var today = ""
    private(set) var all: [Certificate] = []

    static let kubelet = "/var/lib/kubelet/pki/kubelet-client-current.pem"

    /// The command that renews them.
    static func renewal(_ cluster: Cluster) -> String {
        "kubeforge provision --renew-certificates \(cluster.path.shellQuoted)"
    }

    /// What gives a kubelet another one. What runs on the machine keeps running; what is moved away can be moved back.
    static func kubeletCure(_ host: Host) -> String {
        let config = ControlPlane.configPath
        let (commands, end) =
            switch host.role {
            // It joins as on the first day: kubeadm does so only where these are not.
            case .worker:
                (
                    """
                    systemctl stop kubelet && cd /etc/kubernetes && mv kubelet.conf kubelet.conf.before && mv pki \
                    pki.before
                    """,
                    ", and run again: it gets another one, and its pods stay"
                )
            // Its own authority signs another one, whether the API server runs or not; the last command lets the
            // kubelet renew that.
            case .controlPlane:
                (
                    """
                    cd /etc/kubernetes && mv kubelet.conf kubelet.conf.before && mv /var/lib/kubelet/pki \
                    /var/lib/kubelet/pki.before && kubeadm init phase kubeconfig kubelet --config \(config) && \
                    systemctl restart kubelet && sleep 10 && kubeadm init phase kubelet-finalize all --config \(config)
                    """,
                    " gives it another one"
                )
            }
        return
            """
            a kubelet renews its own certificate only while it runs, and this one was off for too long: `sudo sh -c \
            '\(commands)'` on \(host.name)\(end)
            """
    }

    /// What the kubelet says, in its journal, of its certificate that has expired; nil where it does not.
    static func expiry(kubeletSays journal: String) -> String? {
        let sign = "of the existing bootstrap client certificate"
        for line in journal.split(separator: "\n").reversed() where line.contains(" is expired: ") {
            guard let start = line.firstRange(of: sign)?.lowerBound else { continue }
            return "part " + line[start...].trimming { $0 == "\"" || $0.isWhitespace }
        }
        return nil
    }

    /// Reads them from the answer to the query.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 3, words[0] == "now", let time = Int(words[1], in: .moments) {
                (now, today) = (time, words[2])
            }
            guard words.count == 5, words[0] == "end", let end = Int(words[1], in: .moments),
                let written = Int(words[3], in: .moments)
            else { continue }
            all.append(Certificate(path: words[4], end: end, day: words[2], written: written))
        }
    }

    var expired: [Certificate] { all.filter { $0.end <= now } }

    /// Those that end within the days, and have not yet. The kubelet renews its own while it runs.
    func ending(within days: Int) -> [Certificate] {
        all.filter { $0.end > now && $0.end - now <= days * 86_400 && !$0.isKubelets }
    }

    /// Those that a renewal which was asked for today has not made.
    var old: [Certificate] { all.filter { $0.isRenewable && ($0.end <= now || now - $0.written >= 86_400) } }

    func days(until certificate: Certificate) -> Int { (certificate.end - now) / 86_400 }

    static let look = look()

    /// Nothing where kubeadm has made none. Those of other makers in the same directory are not looked at.
    static func look(below root: String = "") -> String {
        """
        cd \(root)/etc/kubernetes 2>/dev/null && command -v openssl >/dev/null || exit 0
        LC_ALL=C; export LC_ALL
        date -u '+now %s %F'
        told() {
          end=$(openssl x509 -noout -enddate 2>/dev/null) || return 0
          end=$(date -u -d "${end#*=}" '+%s %F') && echo "end $end $(stat -c %Y -- "\(root)$1") $1"
        }
        for name in ca apiserver apiserver-kubelet-client apiserver-etcd-client front-proxy-ca front-proxy-client \
        etcd/ca etcd/server etcd/peer \\
          etcd/healthcheck-client; do
          [ ! -f "pki/$name.crt" ] || told "/etc/kubernetes/pki/$name.crt" < "pki/$name.crt"
        done
        for name in admin super-admin controller-manager scheduler; do
          [ ! -f "$name.conf" ] \\
            || sed -n 's/^ *client-certificate-data: *//p' "$name.conf" | base64 -d 2>/dev/null | told \
        "/etc/kubernetes/$name.conf"
        done
        [ ! -f \(root)\(kubelet) ] || told \(kubelet) < \(root)\(kubelet)
        """
    }
}

/// No certificate of the cluster has expired on this machine; what ends within 60 days is told.
package struct CertificatesLast: PreflightCheck {
    let cluster: Cluster
    /// Whether this run makes new ones.
    let isRenewing: Bool

    package init(cluster: Cluster, isRenewing: Bool = false) {
        self.cluster = cluster
        self.isRenewing = isRenewing
    }

    package var title: String { "no certificate of the cluster has expired on it" }

    /// One query; a machine without openssl or without certificates answers nothing.
    package var questions: [Question] { [.command(Certificates.look)] }

    /// A line for each that has expired, but for those that this run renews.
    package func differences(given answers: Answers) -> [Difference] {
        let certificates = Certificates(answers.command(Certificates.look).text)
        return certificates.expired.filter { !(isRenewing && $0.isRenewable) }.map {
            "\($0.name) expired on \($0.day); the machine's clock says \(certificates.today)"
        }
    }

    /// What ends within 60 days, with how it is renewed; at most one note for kubeadm's and one for authorities.
    package func notes(given answers: Answers, on host: Host) -> [String] {
        if isRenewing { return [] }
        let certificates = Certificates(answers.command(Certificates.look).text)
        let ending = certificates.ending(within: 60)
        return [ending.filter(\.isRenewable), ending.filter { !$0.isRenewable }].compactMap { some in
            guard let first = some.min(by: { $0.end < $1.end }) else { return nil }
            let others = some.count == 1 ? "" : " and \(some.count - 1) more"
            let cure = first.isRenewable ? "`\(Certificates.renewal(cluster))` renews them" : Self.authorities
            return
                """
                \(host.name): \(first.name)\(others) will expire in \(certificates.days(until: first)) days, \
                on \(first.day): \(cure)
                """
        }
    }

    /// One problem for all of them, with a fix for each kind: the kubelet's, kubeadm's, and authorities.
    package func finding(_ differences: [Difference], on host: Host) -> Problem {
        let names = differences.map { $0.text.prefix { $0 != " " } }
        let (kubelets, authorities) = (
            names.filter { $0 == Certificates.kubelet }, names.filter { $0.hasSuffix("ca.crt") }
        )
        let fixes = [
            // First: without it nothing starts the control plane.
            kubelets.isEmpty ? nil : Certificates.kubeletCure(host),
            names.count > kubelets.count + authorities.count ? "`\(Certificates.renewal(cluster))` renews them" : nil,
            authorities.isEmpty ? nil : Self.authorities,
            "if the clock is wrong: `timedatectl` on \(host.name)",
        ]
        return Problem(
            what: "\(host.name): certificates of the cluster have expired",
            why: differences.map(\.text).joined(separator: "\n"),
            fix: fixes.compactMap { $0 }.joined(separator: "; "))
    }

    private static let authorities =
        """
        renew a certificate authority by hand: https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/
        """
}

/// The control plane's certificates are of today, and all that runs there uses them: done when it is asked for.
struct CertificatesAreRenewed: Step {
    let host: Host
    let cluster: Cluster
    let config: RemoteFile

    init(host: Host, cluster: Cluster, configuration: String) {
        self.host = host
        self.cluster = cluster
        config = RemoteFile(ControlPlane.configPath, configuration, mode: 0o600)
    }

    /// What runs reads some of its certificates only when it starts, so a renewal is not over before that.
    private static let note = "/var/lib/kubeforge/begun-renewal"

    var title: String { "the certificates of \(host.name) are renewed" }

    var questions: [Question] { [.command(Certificates.look), .file(Self.note)] }

    func differences(given answers: Answers) -> [Difference] {
        let old = Certificates(answers.command(Certificates.look).text).old
        if old.isEmpty {
            return answers.file(Self.note) == nil ? [] : ["the control plane does not use the new certificates yet"]
        }
        return old.map { "\($0.name) ends on \($0.day)" }
    }

    func apply(to machine: Machine) async throws {
        try await machine.write(config)
        let isOld = try await !Certificates(machine.ask(questions).command(Certificates.look).text).old.isEmpty
        let command = Command(
            "sh", "-c", Word(Self.script()), "sh", Word(config.path), Word(cluster.runtime.rawValue),
            isOld ? "renew" : "restart")
        try await machine.run(
            command.asRoot().within(.seconds(900)),
            fix:
                """
                `sudo kubeadm certs check-expiration` and `\(KubeadmFailure.containers(cluster.runtime))` on \
                \(host.name); run again: it resumes where it stopped
                """
        )
    }

    /// The containers are ended and the kubelet starts them again: no manifest is moved, so a run that is killed leaves
    /// none missing. A part that runs no container now starts with the new certificates by itself; a list that the
    /// runtime did not give is not an empty one, and nothing is ended before all of them are there.
    static func script(below root: String = "") -> String {
        """
        set -eu; umask 077; LC_ALL=C; export LC_ALL
        config=$1 runtime=$2 work=$3
        if ! systemctl is-active --quiet kubelet; then
          echo 'the kubelet does not run, and nothing else would start the control plane again' >&2; exit 1
        fi
        if [ "$work" = renew ]; then
          mkdir -p -- \(root)/var/lib/kubeforge; : > \(root)\(note)
          copy=$(mktemp -d "\(root)/var/lib/kubeforge/backup-$(date -u +%Y-%m-%dT%H-%M-%SZ)-XXXX")
          tar -C \(root)/ -cf "$copy/kubernetes.tar" etc/kubernetes
          echo "a copy of what was there is in $copy"
          kubeadm certs renew all --config "$config"
        fi
        running() {
          if [ "$runtime" = docker ]; then
            docker ps -q --filter "label=io.kubernetes.container.name=$1" --filter \
        label=io.kubernetes.docker.type=container
          else
            tasks=$(ctr -n k8s.io tasks ls) || return 1
            containers=$(ctr -n k8s.io containers ls -q "labels.\\"io.kubernetes.container.name\\"==$1") || return 1
            for id in $containers; do
              if printf '%s\\n' "$tasks" | grep -q "^$id .*RUNNING"; then echo "$id"; fi
            done
          fi
        }
        stop() { if [ "$runtime" = docker ]; then docker kill --signal TERM "$1"; else ctr -n k8s.io tasks kill \
        --signal SIGTERM "$1"; fi; }
        parts=''
        for part in etcd kube-apiserver kube-controller-manager kube-scheduler; do
          [ ! -f "\(root)/etc/kubernetes/manifests/$part.yaml" ] || parts="$parts $part"
        done
        old=''
        for part in $parts; do
          ids=$(running "$part") || { echo "$runtime does not say which containers of $part run" >&2; exit 1; }
          old="$old $ids"
        done
        old=" $(echo $old) "
        for id in $old; do stop "$id" >/dev/null || true; done
        for try in $(seq 360); do
          missing=''
          for part in $parts; do
            new=''
            ids=$(running "$part") || ids=''
            for id in $ids; do case $old in *" $id "*) ;; *) new=1 ;; esac; done
            [ -n "$new" ] || missing="$missing $part"
          done
          if [ -z "$missing" ]; then
            said=$(kubectl --kubeconfig \(root)\(HostKubectl.adminConfig) --request-timeout=2s get --raw /readyz 2>&1) \
        && [ "$said" = ok ] && break
            missing=" the API server: $said"
          fi
          [ "$try" != 360 ] || { echo "not started again:$missing" >&2; exit 1; }
          sleep 1
        done
        rm -f -- \(root)\(note)
        """
    }
}
