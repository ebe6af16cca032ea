import ForgeCore
import ForgeInventory
import ForgePlan

/// The node's runtime has the image, so that a pod can start there without any registry.
package struct ImageIsOnNode: Step {
    package let release: Release
    private let runtime: NodeRuntime
    private let route: any ImageRoute

    package init(_ release: Release, runtime: Cluster.Runtime, route: any ImageRoute) {
        self.release = release
        self.runtime = NodeRuntime(kind: runtime)
        self.route = route
    }

    package var title: String { "\(runtime.kind.rawValue) has \(release.image)" }

    package var questions: [Question] { [.command(PackedArchive.look), .command(runtime.look(release))] }

    package func differences(given answers: Answers) -> [Difference] {
        let found = answers.command(runtime.look(release))
        let isThere = found.exitCode == 0 && !found.text.isEmpty
        return (isThere ? [] : ["\(release.reference) is missing"]) + NoArchiveIsLeft.differences(given: answers)
    }

    package func apply(to machine: Machine) async throws { try await route.bring(release, to: machine) }
}
