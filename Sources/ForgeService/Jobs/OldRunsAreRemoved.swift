import ForgeCore
import ForgeInventory
import ForgePlan

/// Nothing in the cluster is left of runs that are over but their last Jobs, whose logs may be wanted: no coordinator,
/// and no Job at work.
///
/// Before a run: of all runs but those of schedules. It holds the Lease then, so what another run left is a dead one's.
/// After it: of that run alone, which may have lost the Lease, or never had it.
package struct OldRunsAreRemoved: Step {
    /// Finished runs whose Jobs stay.
    static let kept = 3

    private let service: Service
    private let kind: JobKind
    private let run: String?
    private let kubectl: Kubectl

    /// `run`: the one that is cleared alone, by its name.
    package init(_ service: Service, _ kind: JobKind, of run: String? = nil) {
        self.run = run
        self.service = service
        self.kind = kind
        kubectl = Kubectl(namespace: service.namespace)
    }

    package var title: String { "earlier \(kind == .train ? "trainings" : "batch runs") are cleaned up" }

    package var questions: [Question] { [.command(look)] }

    /// A line for each object that is left, as kubectl names it: `job/inference-batch-20261121-151732 is left`.
    package func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else {
            return [Difference("the cluster could not be queried for earlier runs", silent: answer)]
        }
        return leftovers(answer.text).map { "\($0) is left" }
    }

    /// Pods of a Job go with it, in the background.
    package func apply(to machine: Machine) async throws {
        let left = leftovers(try await machine.ask(questions).command(look).text)
        guard !left.isEmpty else { return }
        try await machine.run(
            kubectl.command(["delete", "--wait=false", "--ignore-not-found", "--"] + left.map { Word($0) }),
            fix: "see what keeps it: `kubectl -n \(service.namespace) get jobs,pods`")
    }

    /// The leftovers as kubectl names them: `pod/inference-batch-…-coordinator`. Jobs of a schedule belong to it.
    private func leftovers(_ json: String) -> [String] {
        let jobs = JobObject.jobs(json).filter { ($0.metadata.ownerReferences ?? []).isEmpty }
        let pods = JobStatus(objects: json).pods
        if let run {
            let own = jobs.filter { !$0.isFinished && $0.metadata.labels?[Self.instance] == run }.map {
                "job/\($0.metadata.name)"
            }
            return own.sorted() + Self.coordinator("\(run)-coordinator")
        }
        let finished = Dictionary(grouping: jobs.filter(\.isFinished)) {
            $0.metadata.labels?[Self.instance] ?? $0.metadata.name
        }
        let unfinished = Set(jobs.filter { !$0.isFinished }.map(\.metadata.name))
        let order = finished.map { (Self.time($0.value), $0.key) }.sorted(by: >)
        let old = Set(order.dropFirst(Self.kept).flatMap { finished[$0.1, default: []].map(\.metadata.name) })
        let coordinators = pods.map(\.metadata.name).filter { $0.hasSuffix("-coordinator") }
        return unfinished.union(old).sorted().map { "job/\($0)" } + coordinators.sorted().flatMap(Self.coordinator)
    }

    /// The pod, and the Secret with what lets shards in, which has its name.
    private static func coordinator(_ name: String) -> [String] { ["pod/\(name)", "secret/\(name)"] }

    private static let instance = "app.kubernetes.io/instance"

    private static func time(_ jobs: [JobObject]) -> String {
        jobs.compactMap(\.metadata.creationTimestamp).max() ?? ""
    }

    private var look: String {
        let kinds = kind == .batch ? [JobKind.batch, .coordinator] : [kind]
        let names = kinds.map { $0.label(service) }.joined(separator: ",")
        return kubectl.look(
            "get", "jobs,pods", "--selector",
            "app.kubernetes.io/managed-by=kubeforge,app.kubernetes.io/name in (\(names))", "--output",
            "json")
    }
}
