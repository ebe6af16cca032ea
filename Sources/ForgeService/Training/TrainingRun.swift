import ForgeCore
import ForgeInventory
import ForgeTemplates

/// One training in the cluster: its names, its Job.
package struct TrainingRun: Sendable, Hashable {
    /// The inventory's service; its model store, if it has one, gets what was trained.
    package let service: Service
    /// `inference-train-20261121-151732`: its Job.
    package let name: String
    /// Of the release that the Deployment runs; its data are trained on.
    package let image: String
    /// The Secret that it is pulled with.
    let pullSecret: String

    /// `time`: digits and dashes that no other run has.
    package init(of cluster: Cluster, release: DeployedRelease, time: String) {
        service = cluster.service
        name = Self.name(service, time: time)
        image = release.image
        pullSecret = release.pullSecret ?? PullSecret.name(of: cluster)
    }

    /// `inference-train-20261121-151732`; a long service name is cut, since pods' names take at most 63 characters.
    package static func name(_ service: Service, time: String) -> String { "\(JobKind.train.prefix(service))-\(time)" }

    /// `secret`: the name of what lets it into the model store.
    func manifest(_ templates: Templates, secret: String? = nil) throws(Problem) -> String {
        let store = try ModelStorePatch.upload(
            to: service.models, by: secret ?? StoreSecret.name(service), templates: templates)
        return try templates["kubernetes/training/job.yaml"].render(
            [
                "name": name.yamlQuoted, "namespace": service.namespace.yamlQuoted,
                "kind": JobKind.train.label(service).yamlQuoted,
                "run": name.yamlQuoted, "tag": Release.tag(of: image).yamlQuoted, "image": image.yamlQuoted,
                "command": command.yamlList,
                "pullSecret": pullSecret.yamlQuoted,
            ].merging(store) { $1 })
    }

    /// Of what is uploaded, the version becomes the pod's last words, as Kubernetes keeps them.
    private var command: [String] {
        let train = ["python", "train.py", "--data", "data", "--models", "/models", "--cross-validate"]
        guard service.models != nil else { return train }
        let upload = "exec python store.py upload --models /models --note /dev/termination-log"
        return ["sh", "-c", "\(train.joined(separator: " ")) && \(upload)"]
    }
}
