import ForgeCore
import ForgeInventory
import ForgeTemplates

/// What a pod needs besides its own to have its models from the model store; all is empty when they are in the image.
package struct StoreParts: Sendable {
    /// Each goes behind the end of a line, and brings the line breaks that it needs.
    package let initContainers, volumeMounts, volumes: String

    /// `image`: the service's image, not quoted.
    package init(service: Service, image: String, templates: Templates) throws(Problem) {
        guard let store = service.models else {
            (initContainers, volumeMounts, volumes) = ("", "", "")
            return
        }
        initContainers = try Self.part(
            "initContainers", ["image": image.yamlQuoted, "store": store.url.yamlQuoted], indented: 6, templates)
        volumeMounts = try Self.part("volumeMounts", [:], indented: 12, templates)
        volumes = try Self.part("volumes", ["secret": StoreSecret.name(service).yamlQuoted], indented: 8, templates)
    }

    private static func part(_ name: String, _ values: [String: String], indented: Int, _ templates: Templates) throws(Problem) -> String {
        let lines = try templates["kubernetes/store/\(name).yaml"].render(values).split(separator: "\n")
        return lines.map { "\n" + String(repeating: " ", count: indented) + $0 }.joined()
    }
}
