import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

extension CNI {
    /// flannel over VXLAN, with the cluster's pod network, on the interface that carries each node's address.
    static func flannel(_ cluster: Cluster, _ templates: Templates) throws(Problem) -> CNI {
        let template = try templates["cni/flannel.yaml"]
        let manifest = RemoteFile(
            "/var/lib/kubeforge/flannel.yaml", try template.render(["podNetwork": "\(cluster.podNetwork)"]))
        let images = template.text.split(separator: "\n").map { $0.trimming(while: \.isWhitespace) }
            .filter { $0.hasPrefix("image: ") }.map { String($0.dropFirst("image: ".count)) }.uniqued()
        return CNI(
            cluster, device: "flannel.1", configuration: "10-flannel.conflist", plugin: "flannel",
            namespace: "kube-flannel",
            daemonSets: ["kube-flannel-ds"], bridgeLook: flannelBridge(), images: images,
            steps: [
                FileIs(manifest, title: "flannel's manifest is written"),
                Manifest("flannel is applied", path: manifest.path),
            ])
    }

    /// Before the first pod of a node there is no bridge.
    static func flannelBridge(below root: String = "") -> String {
        """
        subnet=$(sed -n 's/^FLANNEL_SUBNET=//p' \(root)/run/flannel/subnet.env 2>/dev/null) || exit 0
        echo "wanted $subnet"
        ip -o -4 addr show dev cni0 2>/dev/null | while read -r number name family address rest; do echo "has \
        $address"; done
        """
    }
}
