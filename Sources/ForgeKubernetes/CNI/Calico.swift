import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

extension CNI {
    /// Calico over VXLAN, with the cluster's pod network, between the addresses of the inventory. Its own manifest is
    /// fetched and changed by kustomize: it is 330 kB long, most of it definitions of resources.
    static func calico(_ cluster: Cluster, _ templates: Templates) throws(Problem) -> CNI {
        let directory = "/var/lib/kubeforge/calico"
        let kustomization = RemoteFile(
            "\(directory)/kustomization.yaml",
            try templates["cni/calico.yaml"].render(["podNetwork": "\(cluster.podNetwork)"]))
        return CNI(
            cluster, device: "vxlan.calico", configuration: "10-calico.conflist", plugin: "calico",
            namespace: "kube-system",
            daemonSets: ["calico-node"], deployments: ["calico-kube-controllers"],
            images: ["cni", "node"].map { "quay.io/calico/\($0):v\(calicoVersion)" },
            steps: [
                Download(
                    "Calico's manifest is present",
                    url:
                        """
                        https://raw.githubusercontent.com/projectcalico/calico/v\(calicoVersion)/manifests/\
                        calico.yaml
                        """,
                    sha256: "d6d8a489a4ed8e5b8efd8b339047b496ca657b55ee2e3618e791507b0a853e8d",
                    path: "\(directory)/calico.yaml", proxy: cluster.outgoing),
                FileIs(kustomization, title: "Calico's settings are written"),
                Manifest("Calico is applied", directory: directory),
            ])
    }

    static let calicoVersion = "3.31.7"
}
