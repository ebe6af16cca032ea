import ForgeCore
import ForgeInventory
import ForgePlan

/// The API server's certificate is valid for the address that the operator reaches it at.
///
/// A new cluster has it from the start (`certSANs`). For one that exists kubeadm makes the certificate again, with all
/// names that the old one has, and it is signed for the key that is there: one file is replaced, so a power cut leaves
/// no key without its certificate. The API server reads that file again by itself, and kubeadm's renewals keep the
/// names that a certificate has.
struct APIServerName: Step {
    let host: Host
    let cluster: Cluster
    /// How long it is waited for the API server to answer, and to show the new certificate.
    var limit = Duration.seconds(90)

    private var name: String { host.publicAddress }

    var title: String { "the API server's certificate is valid for \(name)" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        switch answers.command(look).exitCode {
        case 0: return []
        case Self.isForOtherNames: return ["it is not valid for \(name)"]
        default: return ["the API server does not answer"]
        }
    }

    /// A certificate is made only where the API server has shown one that is not valid for the name.
    func apply(to machine: Machine) async throws {
        switch try await shown(to: machine) {
        case 0: return
        case Self.isForOtherNames: break
        case let code:
            throw Problem(
                what:
                    """
                    \(machine.host.name): timed out after \(limit.components.seconds) s waiting until the API \
                    server shows its certificate; it was left untouched
                    """,
                why: "curl ended with exit code \(code)",
                fix: "`\(KubeadmFailure.containers(cluster.runtime))` on \(machine.host.name), and run again")
        }
        let words: [Word] = [
            Word(name), Word("\(host.address)"), "/etc/kubernetes/pki",
            Word(KubeadmConfig.apiVersion(for: cluster.kubernetes)), Word(RuntimeSocket.path(for: cluster)),
            Word("v\(cluster.kubernetes)"),
        ]
        try await machine.run(
            Command([Word("sh"), "-c", Word(Self.script), "sh"] + words).asRoot().within(.seconds(120)),
            fix: "make it by hand: `kubeadm init phase certs apiserver --help` on \(host.name)")
        _ = try await machine.poll(within: limit, every: .seconds(1)) {
            try await differences(given: machine.ask(questions)).isEmpty
        }
    }

    /// curl's exit code (CURLE_PEER_FAILED_VERIFICATION).
    private static let isForOtherNames = 60

    /// How the look ends once the API server answers, or at last: it may be starting, or be busy.
    private func shown(to machine: Machine) async throws -> Int {
        var code = 0
        _ = try await machine.poll(within: limit, every: .seconds(1)) {
            code = try await machine.ask(questions).command(look).exitCode
            return [0, Self.isForOtherNames].contains(code)
        }
        return code
    }

    /// What the running API server shows, not what a file says.
    private var look: String {
        "curl -qs --noproxy '*' --max-time 10 -o /dev/null --cacert /etc/kubernetes/pki/ca.crt "
            + "--connect-to \(name):6443:\(host.address):6443 https://\(name):6443/livez"
    }

    /// A file rather than options: with two runtimes on a machine kubeadm wants to be told which, and has no option for
    /// it.
    /// kubeadm makes a key with each certificate, and takes none that is there without one: OpenSSL signs the same for
    /// the old key, with the same dates, since one that begins now is not valid yet where a clock is behind. The old
    /// certificate stays until the new one is made, and its copy for good. The version keeps kubeadm from looking one
    /// up.
    static let script = """
        set -eu; umask 077
        \(ShellFunction.place)
        pki=$3; old=$pki/apiserver.crt
        names=$(openssl x509 -noout -text -in "$old" | grep -A 1 'Subject Alternative Name' | tail -n 1 \\
          | sed 's/ //g; s/DNS://g; s/IPAddress://g; s/,/", "/g')
        new=$(mktemp -d); trap 'rm -rf -- "$new"' EXIT; \(ShellFunction.endsBySignal)
        cp -p -- "$pki/ca.crt" "$pki/ca.key" "$new"
        cat > "$new/config.yaml" <<END
        apiVersion: $4
        kind: InitConfiguration
        localAPIEndpoint: { advertiseAddress: "$2" }
        nodeRegistration: { criSocket: "$5" }
        ---
        apiVersion: $4
        kind: ClusterConfiguration
        kubernetesVersion: $6
        certificatesDir: $new
        apiServer: { certSANs: ["$names", "$1"] }
        END
        kubeadm init phase certs apiserver --config "$new/config.yaml"
        openssl x509 -in "$new/apiserver.crt" -x509toreq -key "$pki/apiserver.key" -copy_extensions copyall \\
          -out "$new/request"
        moment() { date -u -d "$(openssl x509 -noout "$1" -in "$new/apiserver.crt" | cut -d = -f 2)" +%Y%m%d%H%M%SZ; }
        start=$(moment -startdate); end=$(moment -enddate)
        : > "$new/index"
        cat > "$new/signing" <<END
        [ca]
        default_ca = kubernetes
        [kubernetes]
        database = $new/index
        new_certs_dir = $new
        rand_serial = yes
        default_md = sha256
        copy_extensions = copyall
        policy = names
        preserve = yes
        [names]
        organizationName = optional
        commonName = supplied
        END
        openssl ca -batch -notext -config "$new/signing" -cert "$new/ca.crt" -keyfile "$new/ca.key" \\
          -in "$new/request" -startdate "$start" -enddate "$end" -out "$new/signed"
        openssl verify -CAfile "$new/ca.crt" "$new/signed"
        [ -e "$old.before-kubeforge" ] || cp -p -- "$old" "$old.before-kubeforge"
        cp -- "$new/signed" "$old.kubeforge"
        chown --reference="$old" -- "$old.kubeforge"
        chmod --reference="$old" -- "$old.kubeforge"
        place "$old.kubeforge" "$old"
        """
}
