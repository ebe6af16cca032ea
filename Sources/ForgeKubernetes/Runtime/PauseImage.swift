import ForgeInventory

/// The sandbox image that a release's kubeadm names; the runtime must name the same, or the kubelet pulls two.
enum PauseImage {
    static func tag(for version: Version) -> String {
        switch version.minor {
        case ...20: "3.2"
        case 21: "3.4.1"
        case 22: "3.5"
        case 23: "3.6"
        case 24: "3.7"
        case 25: "3.8"
        case 26...30: "3.9"
        case 31...33: "3.10"
        default: "3.10.1"
        }
    }

    static func reference(for cluster: Cluster) -> String {
        "\(cluster.imageRepository ?? Cluster.Defaults.imageRepository)/pause:\(tag(for: cluster.kubernetes))"
    }
}
