import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// A pod network: a name in the inventory, and the steps on the control plane that bring it.
package struct CNI: Sendable {
    package let name: String
    let steps: @Sendable (Cluster, Templates) throws(Problem) -> [any Step]

    package static let all = [flannel]

    package static func named(_ name: String) throws(Problem) -> CNI {
        guard let found = all.first(where: { $0.name == name }) else {
            throw Problem(.invalidInventory, what: "cni: there is no \(name)", fix: "kubeforge knows: \(all.map(\.name).joined(separator: ", "))")
        }
        return found
    }
}
