import ForgeCore
import ForgeInventory
import ForgeTemplates

/// What stands where in which manifest. All are quoted here, whatever they hold.
struct ManifestValues {
    var service: Service
    let release: Release
    private let kubernetes: Version
    private let parts: PodParts
    /// See `Manifests.template`.
    private(set) var template = ""
    private let secret: String
    private let pullSecret: String
    private let access: PodAccess
    /// The service as the inventory has it; a candidate has another name.
    private let place: Service

    init(
        cluster: Cluster, release: Release, models: ModelVersion?, secret: String, access: String?,
        templates: Templates
    )
        throws(Problem)
    {
        self.access = PodAccess(cluster.service, release: release.image, secret: access)
        service = cluster.service
        place = cluster.service
        pullSecret = PullSecret.name(of: cluster)
        self.release = release
        kubernetes = cluster.kubernetes
        parts =
            try ModelStoreParts.download(
                models, of: cluster.service, image: release.reference, templates: templates) + self.access.parts
        self.secret = secret
        template = try digest(templates)
    }

    /// The digest of the Deployment without the digest itself, and without what `scale` may change; and of the Secret,
    /// since a pod with another key has to show that it gets in before the others stop.
    private func digest(_ templates: Templates) throws(Problem) -> String {
        let deployment = try templates["kubernetes/base/deployment.yaml"]
        var values = self
        values.service.replicas = 0
        return String(SHA256.hex(try deployment.render(values.of("deployment.yaml", deployment)) + secret).prefix(16))
    }

    /// The names that a known manifest must use, all of them; one that the user added may use any.
    func of(_ manifest: String, _ template: Template) -> [String: String] {
        switch manifest {
        case "namespace.yaml": all.keeping("namespace")
        case "deployment.yaml":
            all.keeping(
                "name", "namespace", "replicas", "tag", "image", "template", "pullSecret", "andInitContainers",
                "andMounts",
                "andVolumes"
            ).merging(settings(template)) { $1 }
        case "service.yaml": all.keeping("name", "namespace", "type", "andNodePort")
        case "poddisruptionbudget.yaml": all.keeping("name", "namespace", "policyVersion")
        case "horizontalpodautoscaler.yaml": all.keeping("name", "namespace", "least", "most", "busy")
        case "networkpolicy.yaml": all.keeping("name", "namespace", "andEgress")
        case "releases.yaml": all.keeping("name", "namespace", "history")
        case "jobpolicies.yaml": all.keeping("name", "namespace", "batch", "train", "coordinator")
        case "kustomization.yaml": [:]
        default: all.filter { template.names($0.key) }
        }
    }

    /// What the inventory may say and need not. A Deployment of the user's has no place for what is not said, and needs
    /// none.
    private func settings(_ template: Template) -> [String: String] {
        let values = [
            "cpu": (service.resources.cpu, Service.Resources().cpu),
            "memory": (service.resources.memoryText, Service.Resources().memoryText),
            "andEnv": (parts.lines(.environment, column: 6), access.plain.lines(.environment, column: 6)),
            "andAnnotations": (annotations, ""), "andScheme": (access.scheme, ""),
            "protocol": (access.protocolName.yamlQuoted, access.protocolName.yamlQuoted),
        ]
        return values.filter { $1.0 != $1.1 || template.names($0) }.mapValues(\.0)
    }

    /// For the next deploy: see `LastBuild`.
    private var annotations: String {
        release.rebuilt.map { "\n        \(LastBuild.annotation): \($0.yamlQuoted)" } ?? ""
    }

    /// Only to where models come from: the store's port, and names.
    private var egress: String {
        guard let place = service.models else { return "" }
        return """

              egress:
                - ports:
                    - { protocol: TCP, port: \(place.port) }
                    - { protocol: TCP, port: 53 }
                    - { protocol: UDP, port: 53 }
            """
    }

    private var all: [String: String] {
        [
            "name": service.name.yamlQuoted, "namespace": service.namespace.yamlQuoted,
            "replicas": String(service.replicas),
            "least": "\(service.autoscaling?.least ?? service.replicas)",
            "most": "\(service.autoscaling?.most ?? service.replicas)", "busy": "\(service.autoscaling?.cpu ?? 100)",
            "tag": release.tag.yamlQuoted, "image": release.reference.yamlQuoted, "template": template.yamlQuoted,
            "pullSecret": pullSecret.yamlQuoted,
            "type": service.expose.rawValue.yamlQuoted, "history": ReleaseHistory.name(service.name).yamlQuoted,
            // No line allows no way out; an empty list would, too, but the API server drops it, and that would look
            // like a change.
            "andEgress": egress,
            "andInitContainers": parts.lines(.initContainers, column: 6), "andMounts": parts.lines(.mounts, column: 6),
            "andVolumes": parts.lines(.volumes, column: 6),
            "batch": JobKind.batch.label(place).yamlQuoted, "train": JobKind.train.label(place).yamlQuoted,
            "coordinator": JobKind.coordinator.label(place).yamlQuoted,
            "policyVersion": kubernetes < Version(1, 21, 0) ? "policy/v1beta1" : "policy/v1",
            // Without a number there is no line: `nodePort: 0` would ask for a new port each time.
            "andNodePort": service.nodePort.map { "\n      nodePort: \($0)" } ?? "",
        ]
    }
}

extension [String: String] {
    fileprivate func keeping(_ names: String...) -> [String: String] { filter { names.contains($0.key) } }
}
