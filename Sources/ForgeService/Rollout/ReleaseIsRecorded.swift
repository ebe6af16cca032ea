import ForgeCore
import ForgePlan
import ForgeTemplates

/// The cluster knows what runs, since when, by whom, of which data and how good: the newest entry of its history.
package struct ReleaseIsRecorded: Step {
    private let release: Release
    private let template: String
    /// `user@computer`
    private let person: String
    private let kubectl: Kubectl
    private let models: ModelVersion?

    /// `models`: those that were asked for, where they are in the model store.
    init(_ release: Release, template: String, models: ModelVersion? = nil, by person: String, namespace: String) {
        self.models = models
        self.release = release
        self.template = template
        self.person = person
        kubectl = Kubectl(namespace: namespace)
    }

    package var title: String { "\(release.image) is the newest entry of the history" }

    package var questions: [Question] { [.command(look)] }

    /// Compared by the digest of the pods' template: the same image with other settings is another entry.
    package func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { return [Difference("the cluster could not be queried", silent: answer)] }
        let newest = ReleaseHistory(answer.text, of: release.name).records.first
        if newest?.template == template { return [] }
        return [newest.map { "\($0.image) is" } ?? "it has none"]
    }

    /// Adds the entry with the time of the cluster's own clock, and forgets all but the newest fifty.
    package func apply(to machine: Machine) async throws {
        let facts = try await machine.runUnlogged(Command("sh", "-c", Word(facts)).asRoot())
        let record = record(facts.text)
        if let running = record.models { machine.tell(news(running)) }
        // A key that sorts by time, of the characters that a ConfigMap's keys may have.
        let key = record.at.replacing(":", with: ".") + "-" + template.prefix(8)
        try await patch([key: record.json.yamlQuoted], machine)
        try await forgetOld(machine)
    }

    /// Pods pass over models that do not belong to their data and packages.
    private func news(_ running: String) -> Difference {
        guard let wanted = models?.version, ![ModelVersion.ofImage, running].contains(wanted) else {
            return "it runs the models \(running)"
        }
        return "it runs its own models \(running): \(wanted) was trained on other data or with other packages"
    }

    /// The clock, and what the training of the models says of itself; golden.json says as much, but for their version.
    private var facts: String {
        let models = DeployedModelFiles(deployment: release.name, kubectl: kubectl)
        return "date -u +%Y-%m-%dT%H:%M:%SZ; \(models.line("metadata.json", orKept: "golden.json")) 2>/dev/null || true"
    }

    private func record(_ facts: String) -> ReleaseRecord {
        let lines = facts.split(separator: "\n", maxSplits: 1).map(String.init)
        let training =
            lines.count > 1 ? JSONValue(Array(lines[1].utf8), atMost: DeployedModelFiles.largestAnswers) : nil
        return ReleaseRecord(
            image: release.reference, template: template, at: lines.first ?? "", by: person,
            models: training?["version"]?.text, rebuilt: release.rebuilt,
            data: training?["data"]?["train"]?["sha256"]?.text,
            scores: training?["score"]?.numbers)
    }

    /// An object of the cluster must not grow for ever.
    private func forgetOld(_ machine: Machine) async throws {
        let history = ClusterObject.list(try await machine.ask(questions).command(look).text).first {
            $0.kind == "ConfigMap" && $0.metadata.name == ReleaseHistory.name(release.name)
        }
        let old = (history?.data ?? [:]).keys.sorted().dropLast(Self.most)
        if old.isEmpty { return }
        try await patch(Dictionary(old.map { ($0, "null") }) { first, _ in first }, machine)
    }

    /// `values`: as YAML, by the key of the entry.
    private func patch(_ values: [String: String], _ machine: Machine) async throws {
        let entries = values.sorted { $0.key < $1.key }.map { "\($0.key.yamlQuoted):\($0.value)" }.joined(
            separator: ",")
        let name = Word(ReleaseHistory.name(release.name))
        try await machine.run(
            kubectl.command("patch", "configmap", name, "--type=merge", "--patch", Word("{\"data\":{\(entries)}}")))
    }

    private static let most = 50

    private var look: String { ReleaseHistory.look(release.name, namespace: kubectl.namespace) }
}

extension JSONValue {
    /// The members that are numbers.
    fileprivate var numbers: [String: Double]? {
        guard case .object(let members) = self else { return nil }
        return members.compactMapValues { if case .number(let number) = $0 { number } else { nil } }
    }
}
