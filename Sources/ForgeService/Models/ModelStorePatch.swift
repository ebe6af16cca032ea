import ForgeCore
import ForgeInventory
import ForgeTemplates

/// What a pod needs besides its own to have its models from the model store; all is empty when they are in the image.
package struct ModelStorePatch: Sendable {
    /// Each goes behind the end of a line, and brings the line breaks that it needs.
    package let initContainers, volumeMounts, volumes: String

    /// `image`: the service's image, not quoted. `deeper`: columns further right than in a Deployment.
    init(_ models: ModelVersion?, of service: Service, image: String, templates: Templates, deeper: Int = 0)
        throws(Problem)
    {
        guard let models else {
            (initContainers, volumeMounts, volumes) = ("", "", "")
            return
        }
        let values = ["image": image.yamlQuoted, "store": models.url.yamlQuoted, "version": models.version.yamlQuoted]
        initContainers = try Self.part("initContainers", values, indented: 6 + deeper, templates)
        volumeMounts = try Self.part("volumeMounts", indented: 12 + deeper, templates)
        volumes =
            try Self.part("volumes", indented: 8 + deeper, templates)
            + Self.secretVolume(models.secret ?? StoreSecret.name(service), indented: 8 + deeper, templates)
    }

    /// The names that templates of pods use.
    var values: [String: String] {
        ["andInitContainers": initContainers, "andMounts": volumeMounts, "andVolumes": volumes]
    }

    /// What a training needs to put its models into the store. `secret`: the name of what lets it in.
    static func upload(to store: ModelStore?, by secret: String, templates: Templates) throws(Problem) -> [String:
        String]
    {
        guard let store else { return ["andEnv": "", "andMounts": "", "andVolumes": ""] }
        return [
            "andEnv": try part("env", ["store": store.url.yamlQuoted], indented: 10, templates),
            "andMounts": try part("secretMount", indented: 12, templates),
            "andVolumes": try secretVolume(secret, indented: 8, templates),
        ]
    }

    private static func secretVolume(_ secret: String, indented: Int, _ templates: Templates) throws(Problem) -> String
    {
        try part("secretVolume", ["secret": secret.yamlQuoted], indented: indented, templates)
    }

    private static func part(
        _ name: String, _ values: [String: String] = [:], indented: Int, _ templates: Templates
    ) throws(Problem) -> String {
        try templates.part("kubernetes/store/\(name).yaml", values, indented: indented)
    }
}

extension Templates {
    /// A template that goes behind the end of a line of another, this many columns to the right.
    func part(_ path: String, _ values: [String: String], indented: Int) throws(Problem) -> String {
        let lines = try self[path].render(values).split(separator: "\n")
        return lines.map { "\n" + String(repeating: " ", count: indented) + $0 }.joined()
    }
}
