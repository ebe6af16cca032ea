import ForgeCore
import ForgeInventory
import ForgeTemplates

/// `templates/kubernetes/base` with this service's values, as the files that `kubectl apply -k` gets.
package struct Manifests: Sendable, Hashable {
    /// Sorted by path.
    package let files: [RemoteFile]
    /// Tells which pods are of these manifests: 16 hexadecimal digits, the same for any number of pods.
    package let template: String
    let directory: String

    /// Which alone there may not be.
    static let autoscaler = "horizontalpodautoscaler.yaml"

    /// `models`: nil where they are in the image. `secret`: the digest of what lets pods into the model store.
    /// `access`: the name of the Secret with what lets others in.
    package static func make(
        cluster: Cluster, release: Release, models: ModelVersion? = nil, secret: String = "", access: String? = nil,
        templates: Templates
    ) throws(Problem) -> Manifests {
        let values = try ManifestValues(
            cluster: cluster, release: release, models: models, secret: secret, access: access, templates: templates)
        let isScaled = cluster.service.autoscaling != nil
        let directory = RemotePaths.manifests(cluster.service.name, in: cluster.service.namespace)
        return try make(values, templates, directory: directory) {
            isScaled || $0 != Self.autoscaler
        }
    }

    /// The same pod by itself, under another name: no Service sends it requests.
    static func canary(
        _ canary: CanaryDeployment, cluster: Cluster, models: ModelVersion? = nil, secret: String = "",
        access: String? = nil, templates: Templates
    ) throws(Problem) -> Manifests {
        var values = try ManifestValues(
            cluster: cluster, release: canary.release, models: models, secret: secret, access: access,
            templates: templates)
        values.service.name = canary.name
        values.service.replicas = 1
        let directory = RemotePaths.manifests(canary.name, in: cluster.service.namespace)
        return try make(values, templates, directory: directory, where: CanaryDeployment.needs)
    }

    private static func make(
        _ values: ManifestValues, _ templates: Templates, directory: String, where isWanted: (String) -> Bool
    ) throws(Problem) -> Manifests {
        var files: [RemoteFile] = []
        for name in templates.directory("kubernetes/base").keys.sorted() where isWanted(name) {
            let template = try templates["kubernetes/base/\(name)"]
            var text = try template.render(values.of(name, template))
            if name == "kustomization.yaml" {
                text = text.keepingLines { !$0.hasPrefix("  - ") || isWanted(String($0.dropFirst(4))) }
            }
            files.append(RemoteFile("\(directory)/\(name)", text))
        }
        return Manifests(files: files, template: values.template, directory: directory)
    }
}

/// The first pod of a new release, beside the running service and unknown to it: users reach the release only after it
/// answered as it must.
struct CanaryDeployment: Sendable, Hashable {
    let release: Release

    /// The name of its Deployment, and on the label of its pod.
    var name: String { release.name + Self.suffix }

    private static let suffix = "-candidate"

    /// The service that a Deployment of this name is the canary of; nil where it is none. Its image tells: a service
    /// may have such a name, too, and its pods run an image of their own name.
    static func service(of deployment: String, running images: [String]) -> String? {
        guard deployment.hasSuffix(suffix) else { return nil }
        let service = String(deployment.dropLast(suffix.count))
        return images.contains { Release(reference: $0, name: service) != nil } ? service : nil
    }

    /// Which manifests it needs: all but those that are about the service's own pods.
    static func needs(_ manifest: String) -> Bool {
        ![
            "horizontalpodautoscaler.yaml", "service.yaml", "jobpolicies.yaml", "networkpolicy.yaml",
            "poddisruptionbudget.yaml", "releases.yaml",
        ]
        .contains(manifest)
    }
}

extension String {
    fileprivate func keepingLines(where isKept: (Substring) -> Bool) -> String {
        split(separator: "\n", omittingEmptySubsequences: false).filter(isKept).joined(separator: "\n")
    }
}
