import ForgeCore
import ForgeInventory
import ForgePlan

/// Whether the API server of the first control plane answers, and whether it is about to.
package struct APIServer: PreflightCheck {
    /// For how long it is waited for: after a boot of its host it takes half a minute.
    package static let patience = Duration.seconds(120)
    private static let none = "kubeadm has made no API server there"
    private static let isMade = "[ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]"

    /// The path of the inventory.
    private let path: String
    private let look: String

    package init(_ cluster: Cluster) {
        path = cluster.path
        look = Kubectl(namespace: cluster.service.namespace).line("get", "--raw", "/readyz") + " 2>&1"
    }

    package var title: String { "the cluster's API answers" }

    package var questions: [Question] { [.command(look), .command(Self.isMade)] }

    package func differences(given answers: Answers) -> [Difference] {
        guard !isAnswering(answers) else { return [] }
        guard answers.command(Self.isMade).exitCode == 0 else { return [Difference(Self.none)] }
        let said = answers.command(look).text.split(whereSeparator: \.isNewline).last.map(String.init)
        return [Difference(said ?? "kubectl gets no answer")]
    }

    package func finding(_ differences: [Difference], on host: Host) -> Problem {
        let texts = differences.map(\.text)
        return Problem(
            what: "\(host.name): requirement not met: \(title)", why: texts.joined(separator: "\n"),
            fix: texts == [Self.none]
                ? "create the cluster first: `kubeforge provision \(path)`"
                : """
                `kubeforge provision \(path)` starts what should run; `sudo journalctl -u kubelet -n 50` on \
                \(host.name) tells why it does not
                """)
    }

    /// Whether it does not answer, and yet will: kubeadm has made it there.
    package func isAwaited(_ answers: Answers) -> Bool {
        !isAnswering(answers) && answers.command(Self.isMade).exitCode == 0
    }

    /// What can be said only by an API server that answers: one that does not is told by itself, with its own cause.
    func asked(_ requirement: Requirement) -> Requirement {
        requirement.where({ isAnswering($0) }, asking: [.command(look)])
    }

    private func isAnswering(_ answers: Answers) -> Bool { answers.command(look).exitCode == 0 }
}

/// What every command may meet that asks a cluster for its service.
extension Problem {
    /// `said`: kubectl's own words; empty only where there are none.
    init(silent host: String, _ said: String) {
        let renewal = "`kubeforge provision --renew-certificates`"
        let fix =
            if said.contains("certificate has expired") {
                "\(renewal) renews the control plane's certificates"
            } else if said.contains("You must be logged in") {
                """
                the certificate of /etc/kubernetes/admin.conf on \(host) is not accepted; if it has expired, \
                \(renewal) renews it
                """
            } else {
                """
                see why: `sudo journalctl -u kubelet -n 50` on \(host); a bare machine needs `kubeforge provision` \
                first
                """
            }
        self.init(
            what: "\(host): the cluster's API does not answer",
            why: said.split(whereSeparator: \.isNewline).last.map(String.init), fix: fix)
    }

    /// The problem of a query that failed.
    init(silent host: String, _ answer: CommandState) {
        self.init(silent: host, answer.silence ?? "")
    }

    init(notDeployed service: Service, _ host: String) {
        self.init(
            what: "\(host): the cluster has no service \(service.name) in namespace \(service.namespace)",
            fix: "deploy it first: `kubeforge deploy`")
    }
}

extension Difference {
    /// What could not be queried, with the last words of the query that failed.
    init(_ sentence: String, silent answer: CommandState) {
        self.init(sentence + (answer.silence.map { ": \($0)" } ?? ""))
    }
}

extension CommandState {
    /// Why a query of kubectl's has no answer, in its last words; nil where it gives no reason.
    var silence: String? {
        switch exitCode {
        case 0: nil
        case 124: "kubectl took too long"
        default: text.split(whereSeparator: \.isNewline).last.map(String.init)
        }
    }
}
