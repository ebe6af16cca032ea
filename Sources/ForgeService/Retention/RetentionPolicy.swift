/// Which releases stay on a machine: the one that runs, those that Kubernetes can bring back, as many that were
/// deployed last as make six with these, and all that a pod uses.
///
/// Kubernetes counts a release that was brought back by a rollback as new; by its last deploy it is old.
struct RetentionPolicy {
    /// As many as a Deployment's `revisionHistoryLimit` keeps, and the one that runs.
    static let count = 6

    /// What one machine has, as its look prints it: a word for the kind, and a tag.
    struct Found: Equatable {
        /// Deployed here, the last one first.
        var deployed: [String] = []
        /// Present in any form, the newest first where the machine can tell.
        var present: [String] = []
        /// Of containers and pods that run or shall run.
        var used: Set<String> = []
        /// Of pods that Kubernetes can bring back; only the machine that rules the cluster can tell.
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
