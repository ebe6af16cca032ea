/// One pod of the service, as the control plane reaches it.
struct ServicePod: Sendable, Hashable {
    let name: String
    /// `http://10.244.1.7:8080`
    let address: String
    /// Whether it keeps the rows of the test set to itself.
    var examplesArePrivate = false

    /// The pods of `kubectl get pods -o json` that answer, and why the others are not asked. A pod that is leaving
    /// counts for neither.
    static func list(_ json: String) -> (pods: [ServicePod], silent: [String]) {
        var (pods, silent) = ([ServicePod](), [String]())
        for object in ClusterObject.list(json).sorted(by: { $0.metadata.name < $1.metadata.name })
        where isWanted(object) {
            let isReady = object.status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } == true
            if let address = object.status?.podIP,
                let port = object.spec?.containers?.first?.ports?.first?.containerPort, isReady
            {
                pods.append(
                    ServicePod(
                        name: object.metadata.name,
                        address: "\(object.spec?.containers?.scheme ?? "http")://\(address):\(port)",
                        examplesArePrivate: object.spec?.containers?.examplesArePrivate == true))
            } else {
                silent.append("\(object.metadata.name) \(isReady ? "names no port" : "is not ready")")
            }
        }
        return (pods, silent)
    }

    private static func isWanted(_ object: ClusterObject) -> Bool {
        object.metadata.deletionTimestamp == nil && !["Succeeded", "Failed"].contains(object.status?.phase ?? "")
    }
}
