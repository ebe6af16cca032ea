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
        try await machine.run(looks.removal(of: old), fix: "deploy again to remove what is left")
    }
}

/// Which releases stay on a machine: the one that runs, those that Kubernetes can bring back, as many that were
/// deployed last as make six with these, and all that a pod uses.
///
/// Kubernetes counts a release that was brought back by a rollback as new; by its last deploy it is old.
struct RetentionPolicy {
    /// As many as a Deployment's `revisionHistoryLimit` keeps, and the one that runs.
    static let count = 6

    /// What one machine has, as its query prints it: a word for the kind, and a tag.
    struct Found: Equatable {
        /// Deployed here, the last one first.
        var deployed: [String] = []
        /// Present in any form, the newest first where the machine can tell.
        var present: [String] = []
        /// The tags of containers and pods that run or shall run.
        var used: Set<String> = []
        /// The tags of pods that Kubernetes can bring back; only the machine that rules the cluster can tell.
        var restorable: Set<String> = []

        init(printed text: String) {
            for line in text.split(whereSeparator: \.isNewline) {
                let words = line.split(separator: " ").map(String.init)
                guard words.count == 2, words[1].wholeMatch(of: /[0-9a-f]{16}/) != nil else { continue }
                switch words[0] {
                case "deployed": deployed.append(words[1])
                case "used": used.insert(words[1])
                case "restorable": restorable.insert(words[1])
                default: present.append(words[1])
                }
            }
        }
    }

    let current: String
    let found: Found

    /// Tags of releases that are there and need not be, each once.
    var old: [String] {
        var order = [current] + found.deployed + found.present
        var seen: Set<String> = []
        order.removeAll { !seen.insert($0).inserted }
        let here = order.filter { $0 == current || found.present.contains($0) }
        let restorable = here.filter { $0 == current || found.restorable.contains($0) }
        let others = here.filter { !restorable.contains($0) }
        return others.dropFirst(max(0, Self.count - restorable.count)).filter { !found.used.contains($0) }.sorted()
    }

    /// Whether the machine knows that the current release was deployed last.
    var isNoted: Bool { found.deployed.first == current }
}
