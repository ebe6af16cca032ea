import ForgeCore
import ForgePlan

/// The cluster's objects are as the manifests say: what kubeforge wrote, and what somebody changed in the cluster
/// since.
/// Other pods than those that run pass the canary check first.
package struct ManifestsAreApplied: Step {
    /// Written to the first control plane before they are applied, and left there.
    package let manifests: Manifests
    private let release: Release
    private let gate: CanaryCheck
    private let kubectl: Kubectl
    private let directory: String

    init(_ manifests: Manifests, release: Release, after gate: CanaryCheck, namespace: String) {
        self.manifests = manifests
        self.release = release
        self.gate = gate
        kubectl = Kubectl(namespace: namespace)
        directory = manifests.directory
    }

    package var title: String { "the manifests of \(release.image) are applied" }

    package var questions: [Question] { files.flatMap(\.questions) + [.command(drift), .command(gate.look)] }

    /// Differences of the files, if there are any; else of the cluster's objects, as `kubectl diff` tells them.
    package func differences(given answers: Answers) -> [Difference] {
        let files = files.flatMap { $0.differences(given: answers) }
        // A comparison with files that are to be rewritten says nothing.
        let changes = files.isEmpty ? DriftReport(answers.command(drift)).differences : files
        return changes
            + (gate.isLeft(answers.command(gate.look)) ? ["\(gate.canary.name) of an earlier run is left"] : [])
    }

    /// The API server tries all of it first: what it refuses in the end, such as a port that is taken, would leave a
    /// half of it applied.
    package func apply(to machine: Machine) async throws {
        for file in manifests.files { try await machine.write(file) }
        let namespace = try await machine.run(Command("sh", "-c", Word(namespaceApplied)).asRoot()).text
        if namespace.contains(Self.foreign) {
            machine.tell("namespace \(kubectl.namespace) was not made by kubeforge, and keeps its labels")
        }
        try await machine.run(
            kubectl.command("apply", "-k", Word(directory), "--dry-run=server"),
            fix: "nothing was changed; correct what the API server says")
        try await gate.pass(on: machine)
        try await machine.run(
            kubectl.command("apply", "-k", Word(directory)),
            fix:
                """
                see what the API server says: `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf apply -k \
                \(directory)`
                """
        )
    }

    private var files: [FileIs] { manifests.files.map { FileIs($0) } }

    /// Exit code 0: the same; 1: the differences follow; more: it could not compare, and says why.
    private var drift: String {
        """
        exec 2>&1; code=0
        case $(\(namespaceOwner)) in \(ours)) \(kubectl.line("diff", "-f", namespaceFile)) || code=$?;; esac
        \(kubectl.line("diff", "-k", Word(directory))) || { last=$?; [ "$last" -lt "$code" ] || code=$last; }
        exit "$code"
        """
    }

    private static let foreign = "the namespace is somebody else's"

    private var namespaceFile: Word { "\(directory)/namespace.yaml" }

    /// A namespace that is not there yet, or that kubeforge made: `case` patterns for what `namespaceOwner` prints.
    private var ours: String { "''|\(kubectl.namespace)/kubeforge" }

    private var namespaceOwner: String {
        kubectl.line(
            "get", "namespace", Word(kubectl.namespace), "--ignore-not-found", "--output",
            #"jsonpath={.metadata.name}/{.metadata.labels.app\.kubernetes\.io/managed-by}"#)
    }

    private var namespaceApplied: String {
        """
        owner=$(\(namespaceOwner)) || exit
        case $owner in \(ours)) \(kubectl.line("apply", "-f", namespaceFile));; *) echo "\(Self.foreign)";; esac
        """
    }
}

/// What `kubectl diff` says, as differences: `Deployment mlops.inference: -replicas: 3, +replicas: 2`.
struct DriftReport {
    let differences: [Difference]

    init(_ state: CommandState) {
        switch state.exitCode {
        case 0: differences = []
        case 1 where state.text.contains("diff "): differences = Self.objects(in: state.text)
        case 124: differences = ["could not be compared with the cluster: kubectl diff took too long"]
        default: differences = [Difference("could not be compared with the cluster: \(Self.lastLine(of: state.text))")]
        }
    }

    private static func lastLine(of text: String) -> String {
        text.split(whereSeparator: \.isNewline).last.map(String.init) ?? "kubectl diff failed"
    }

    private static func objects(in text: String) -> [Difference] {
        var found: [(name: String, changes: [String])] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("diff ") {
                found.append((name(in: line), []))
            } else if isChange(line), !found.isEmpty {
                found[found.count - 1].changes.append(
                    String(line.prefix(1)) + line.dropFirst().trimming(while: \.isWhitespace))
            }
        }
        return found.map { Difference("\($0.name): \(summary($0.changes))") }
    }

    /// The generation counts changes; it is none.
    private static func isChange(_ line: Substring) -> Bool {
        (line.hasPrefix("+") || line.hasPrefix("-")) && !line.hasPrefix("+++") && !line.hasPrefix("---")
            && !line.contains("generation:")
    }

    private static func summary(_ changes: [String]) -> String {
        let shown = changes.prefix(4).joined(separator: ", ")
        return changes.count > 4 ? "\(shown), and \(changes.count - 4) more lines" : shown
    }

    /// `diff -u -N /tmp/LIVE-1/apps.v1.Deployment.mlops.inference /tmp/MERGED-2/apps.v1.Deployment.mlops.inference`
    private static func name(in line: Substring) -> String {
        let parts = (line.split(separator: "/").last ?? "").split(separator: ".")
        guard let kind = parts.firstIndex(where: { $0.first?.isUppercase == true }) else { return String(line) }
        return "\(parts[kind]) \(parts[(kind + 1)...].joined(separator: "."))"
    }
}
