import ForgeCore
import ForgeInventory
import ForgePlan

/// The API server's certificate is valid for the address that the operator reaches it at.
///
/// A new cluster has it from the start (`certSANs`). For one that exists kubeadm recreates the certificate, with all
/// names that the old one has: the API server reads its file again by itself, and kubeadm's renewals keep the names
/// that a certificate has.
struct APIServerName: Step {
    let host: Host
    let cluster: Cluster

    private var name: String { host.publicAddress }

    var title: String { "the API server's certificate is valid for \(name)" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        switch state.exitCode {
        case 0: return []
        // 60: the certificate is for other names.
        case 60: return ["it is not valid for \(name)"]
        default: return ["the API server does not answer"]
        }
    }

    func apply(to machine: Machine) async throws {
        let words: [Word] = [
            Word(name), Word("\(host.address)"), "/etc/kubernetes/pki",
            Word(KubeadmConfig.apiVersion(for: cluster.kubernetes)), Word(RuntimeSocket.path(for: cluster)),
            Word("v\(cluster.kubernetes)"),
        ]
        try await machine.run(
            Command([Word("sh"), "-c", Word(Self.script), "sh"] + words).asRoot().within(.seconds(120)),
            fix: "make it by hand: `kubeadm init phase certs apiserver --help` on \(host.name)")
        _ = try await machine.poll(within: .seconds(90), every: .seconds(1)) {
            try await differences(given: machine.ask(questions)).isEmpty
        }
    }

    /// What the running API server shows, not what a file says.
    private var look: String {
        "curl -qs --noproxy '*' --max-time 10 -o /dev/null --cacert /etc/kubernetes/pki/ca.crt "
            + "--connect-to \(name):6443:\(host.address):6443 https://\(name):6443/livez"
    }

    /// A file rather than options: with two runtimes on a machine kubeadm wants to be told which, and has no option for
    /// it.
    /// The old certificate stays until the new one is made, and its copy for good. The version keeps kubeadm from
    /// looking one up.
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
        for file in apiserver.crt apiserver.key; do
          [ -e "$pki/$file.before-kubeforge" ] || cp -p -- "$pki/$file" "$pki/$file.before-kubeforge"
          cp -- "$new/$file" "$pki/$file.kubeforge"
          chown --reference="$pki/$file" -- "$pki/$file.kubeforge"
          chmod --reference="$pki/$file" -- "$pki/$file.kubeforge"
        done
        place "$pki/apiserver.key.kubeforge" "$pki/apiserver.key"
        place "$pki/apiserver.crt.kubeforge" "$pki/apiserver.crt"
        """
}
