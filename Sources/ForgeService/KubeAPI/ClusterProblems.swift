import ForgeCore
import ForgeInventory
import ForgePlan

/// What every verb may meet that asks a cluster for its service.
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
                look why: `sudo journalctl -u kubelet -n 50` on \(host); a bare machine needs `kubeforge provision` \
                first
                """
            }
        self.init(
            what: "\(host): the cluster's API does not answer",
            why: said.split(whereSeparator: \.isNewline).last.map(String.init), fix: fix)
    }

    /// Of a look that failed.
    init(silent host: String, _ answer: CommandState) {
        self.init(silent: host, answer.silence ?? "")
    }

    init(notDeployed service: Service, _ host: String) {
        self.init(
            what: "\(host): the cluster has no service \(service.name) in namespace \(service.namespace)",
            fix: "bring it there first: `kubeforge deploy`")
    }
}

extension Difference {
    /// What could not be asked, with the last words of the look that failed.
    init(_ sentence: String, silent answer: CommandState) {
        self.init(sentence + (answer.silence.map { ": \($0)" } ?? ""))
    }
}

extension CommandState {
    /// Why a look of kubectl's has no answer, in its last words; nil where it gives no reason.
    fileprivate var silence: String? {
        switch exitCode {
        case 0: nil
        case 124: "kubectl took too long"
        default: text.split(whereSeparator: \.isNewline).last.map(String.init)
        }
    }
}
