import ForgeCore
import ForgeInventory

/// What every verb may meet that asks a cluster for its service.
extension Problem {
    /// `said`: kubectl's own words, where there are any.
    init(silent host: String, _ said: String = "") {
        let isExpired = said.contains("certificate has expired")
        self.init(
            what: "\(host): the cluster's API does not answer",
            why: said.split(whereSeparator: \.isNewline).last.map(String.init),
            fix: isExpired
                ? "`kubeforge provision --renew-certificates` renews the control plane's certificates"
                : "look why: `sudo journalctl -u kubelet -n 50` on \(host); a bare machine needs `kubeforge provision` first"
        )
    }

    init(notDeployed service: Service, _ host: String) {
        self.init(
            what: "\(host): the cluster has no service \(service.name) in namespace \(service.namespace)",
            fix: "bring it there first: `kubeforge deploy`")
    }
}
