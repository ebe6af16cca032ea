import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// A pod network: a name in the inventory, and the steps on the control plane that bring it.
package struct CNI: Sendable {
    package let name: String
    /// The template of its manifest.
    let template: String
    let steps: @Sendable (Cluster, Templates) throws(Problem) -> [any Step]

    package static let all = [flannel]

    /// What its manifest runs on every node.
    func images(_ templates: Templates) throws(Problem) -> [String] {
        let lines = try templates[template].text.split(separator: "\n").map { $0.trimming(while: \.isWhitespace) }
        return lines.filter { $0.hasPrefix("image: ") }.map { String($0.dropFirst("image: ".count)) }.uniqued()
    }

    package static func named(_ name: String) throws(Problem) -> CNI {
        guard let found = all.first(where: { $0.name == name }) else {
            throw Problem(
                .invalidInventory, what: "cni: there is no \(name)",
                fix: "kubeforge knows: \(all.map(\.name).joined(separator: ", "))")
        }
        return found
    }
}
