import ForgeCore
import ForgePlan

/// The Jobs and pods of one run, and how they fare.
struct JobStatus: Sendable {
    let jobs: [JobObject]
    /// The pods, without those that are being deleted.
    let pods: [ClusterObject]
    let events: [ClusterEvent]

    /// `objects`: Jobs and pods in kubectl's JSON; `events`: those of the namespace.
    init(objects: String, events: String = "") {
        jobs = JobObject.jobs(objects)
        pods = ClusterObject.list(objects).filter { $0.kind == "Pod" && $0.metadata.deletionTimestamp == nil }
        self.events = ClusterEvent.list(events)
    }

    /// All pods but the coordinator, which belongs to no Job.
    var workers: [ClusterObject] { pods.filter { !($0.metadata.ownerReferences ?? []).isEmpty } }

    /// What is wrong with which pods, those first that never come right by themselves. A pod whose program ended well
    /// has nothing wrong.
    var troubles: [(cause: PodFailure, pods: [ClusterObject])] {
        let wrong = pods.filter { $0.status?.phase != "Succeeded" }.compactMap { pod in
            PodFailure(of: pod, events: events).map { (pod: pod, cause: $0) }
        }
        let causes = wrong.map(\.cause).uniqued()
        return (causes.filter(\.isPermanent) + causes.filter { !$0.isPermanent && $0 != .slow }).map { cause in
            (cause, wrong.filter { $0.cause == cause }.map(\.pod))
        }
    }

    /// A pod that will never start, although its Job still waits for it.
    var neverStarts: Bool {
        pods.contains { $0.neverStarts(events) }
    }

    var isAnyAtWork: Bool {
        workers.contains { $0.status?.phase == "Running" && PodFailure(of: $0, events: []) == nil }
    }

    /// Why a Job has no pods: a quota, a policy.
    var refusal: String? {
        let names = Set(jobs.map(\.metadata.name))
        let own = events.filter {
            $0.reason == "FailedCreate" && $0.involvedObject.kind == "Job"
                && names.contains($0.involvedObject.name ?? "")
        }
        return workers.isEmpty ? own.max { $0.time < $1.time }?.message : nil
    }
}

/// How the Jobs and pods of one run are looked at: they all carry its name as a label.
struct JobQueries: Sendable {
    let run: String
    let kubectl: Kubectl

    private var selector: Word { "app.kubernetes.io/instance=\(run)" }

    var objects: String { kubectl.line("get", "jobs,pods", "--selector", selector, "--output", "json") }

    var warnings: String { ClusterEvent.warnings(kubectl) }

    var lastLines: String { PodLogs.lastLines(of: selector, kubectl) }

    func pods(_ answers: Answers) -> JobStatus {
        JobStatus(objects: answers.command(objects).text, events: answers.command(warnings).text)
    }

    /// Looks once more, closely.
    func failure(on machine: Machine) async throws -> JobFailure {
        let answers = try await machine.ask([objects, warnings, lastLines].map(Question.command))
        return JobFailure(state: pods(answers), logs: PodLogs(answers.command(lastLines).text).byPod)
    }
}

/// Why a run does not finish, as a note to a person.
struct JobFailure {
    let state: JobStatus
    /// The last lines of each pod.
    let logs: [String: [String]]

    func problem(what: String, seen: [String], service: String, namespace: String) -> Problem {
        let troubles = state.troubles
        let told = troubles.prefix(3).flatMap { PodTermination(cause: $0.cause, pods: $0.pods).lines(logs) }
        let refusal = state.refusal.map { [PodFailure.refused($0).sentence] } ?? []
        let cause = troubles.first?.cause ?? state.refusal.map { .refused($0) } ?? .slow
        return Problem(
            what: what, why: (seen + refusal + told).joined(separator: "\n"),
            fix: Self.fix(cause, namespace: namespace, service: service))
    }

    private static func fix(_ cause: PodFailure, namespace: String, service: String) -> String {
        switch cause {
        case .outOfMemory, .killed:
            "use more shards (--shards), or raise limits: memory: in templates/kubernetes/jobs/pod.yaml (--templates)"
        case .initContainerFailed:
            "correct what it names, in the model store or in the inventory (service: models:), and run it again"
        case .crashed: "the last lines of its log are above; correct what they name, and run it again"
        case .cannotStart: "correct what it names in templates/kubernetes/jobs/pod.yaml (--templates), and run it again"
        case .slow: "run it again; `kubectl -n \(namespace) get pods,events` shows what the cluster is doing"
        default: cause.fix(service, namespace: namespace)
        }
    }
}
