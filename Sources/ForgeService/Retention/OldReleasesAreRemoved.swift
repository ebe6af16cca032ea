import ForgeCore
import ForgeInventory
import ForgePlan

/// Only the last five releases take up room on a machine, and those that pods use: their images on nodes, and on the
/// machine that builds also what they were made of, and the cluster's registry. It comes after a deploy that went well,
/// which it notes, since images do not tell when they were last wanted.
package struct OldReleasesAreRemoved: Step {
    /// The release that was just deployed, and is noted as the latest.
    package let release: Release
    private let looks: ReleaseInventory

    /// `builder`: the machine, where it builds images, has the registry and rules the cluster. `runtime`: nil where no
    /// pods run.
    init(_ release: Release, runtime: Cluster.Runtime?, builder: Host?, of cluster: Cluster) {
        self.release = release
        looks = ReleaseInventory(
            release: release, runtime: runtime, isBuilder: builder != nil, service: cluster.service,
            registry: builder == nil ? nil : cluster.ownRegistry.map { _ in PublishedReleases(release, on: builder!) })
    }

    package var title: String { "only the last \(RetentionPolicy.count) releases of \(release.name) are kept" }

    package var questions: [Question] { [.command(looks.look)] }

    /// Nothing is counted as old where the images in use are not known.
    package func differences(given answers: Answers) -> [Difference] {
        let look = answers.command(looks.look)
        guard look.exitCode == 0 else { return ["could not determine which images are in use; nothing is removed"] }
        let kept = RetentionPolicy(current: release.tag, found: .init(printed: look.text))
        return (kept.isNoted ? [] : ["\(release.tag) is not recorded as the latest"])
            + (kept.old.isEmpty ? [] : ["no longer needed: \(kept.old.joined(separator: ", "))"])
    }

    /// Looks again before it removes: pods come and go.
    package func apply(to machine: Machine) async throws {
        let look = try await machine.run(Command("sh", "-c", Word(looks.look)).asRoot())
        let old = RetentionPolicy(current: release.tag, found: .init(printed: look.text)).old
        try await machine.run(looks.removal(of: old))
    }
}
