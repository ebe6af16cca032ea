import ForgeCore
import ForgeInventory
import ForgeTemplates

/// `templates/kubernetes/base` with this service's values, as the files that `kubectl apply -k` gets.
package struct Manifests: Sendable, Hashable {
    /// Sorted by path.
    package let files: [RemoteFile]

    package static func make(service: Service, release: Release, templates: Templates) throws(Problem) -> Manifests {
        let folder = templates.folder("kubernetes/base").keys.sorted()
        let parts = try StoreParts(service: service, image: release.reference, templates: templates)
        let values = ManifestValues(service: service, release: release, store: parts)
        var files: [RemoteFile] = []
        for name in folder {
            let template = try templates["kubernetes/base/\(name)"]
            files.append(RemoteFile("\(Places.manifests(service.name))/\(name)", try template.render(values.of(name, template))))
        }
        return Manifests(files: files)
    }
}

/// What stands where in which manifest. All are quoted here, whatever they hold.
struct ManifestValues {
    let service: Service
    let release: Release
    let store: StoreParts

    /// The names that a known manifest must use, all of them; one that the user added may use any.
    func of(_ manifest: String, _ template: Template) -> [String: String] {
        switch manifest {
        case "namespace.yaml": all.keeping("namespace")
        case "deployment.yaml": all.keeping("name", "namespace", "replicas", "tag", "image", "andInitContainers", "andMounts", "andVolumes")
        case "service.yaml": all.keeping("name", "namespace", "type", "andNodePort")
        case "kustomization.yaml": [:]
        default: all.filter { template.text.contains("{{ \($0.key) }}") }
        }
    }

    private var all: [String: String] {
        [
            "name": service.name.yamlQuoted, "namespace": service.namespace.yamlQuoted, "replicas": String(service.replicas),
            "tag": release.tag.yamlQuoted, "image": release.reference.yamlQuoted, "type": service.expose.rawValue.yamlQuoted,
            "andInitContainers": store.initContainers, "andMounts": store.volumeMounts, "andVolumes": store.volumes,
            // Without a number there is no line: `nodePort: 0` would ask for a new port each time.
            "andNodePort": service.nodePort.map { "\n      nodePort: \($0)" } ?? "",
        ]
    }
}

extension [String: String] {
    fileprivate func keeping(_ names: String...) -> [String: String] { filter { names.contains($0.key) } }
}
