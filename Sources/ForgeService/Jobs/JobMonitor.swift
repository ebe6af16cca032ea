import ForgeCore
import ForgePlan

/// Looks at a run's Jobs again and again, tells what their pods print, and knows when hope is gone.
struct JobMonitor {
    private let looks: JobQueries
    private let isFollowed: Bool
    private let patience: Duration
    private var logs: LogFollower
    private var crashed: Set<String> = []
    /// Whether a pod's program failed that had not at the query before.
    private(set) var hasNewCrash = false
    private var lastMove = ContinuousClock.now
    private(set) var pods = JobStatus(objects: "")

    init(_ looks: JobQueries, isFollowed: Bool, patience: Duration) {
        self.looks = looks
        self.isFollowed = isFollowed
        self.patience = patience
        logs = LogFollower(looks)
    }

    /// One round trip: the run's objects, the questions, and the log lines that are new, which are told.
    mutating func look(at machine: Machine, asking questions: [Question] = []) async throws -> Answers {
        let follow = isFollowed ? logs.look(pods.workers.map(\.metadata.name)) : ":"
        let answers = try await machine.ask(questions + [looks.objects, looks.warnings, follow].map(Question.command))
        if isFollowed { logs.lines(answers.command(follow).text).forEach(machine.tell) }
        // An API server that is away for a moment has not lost the run.
        if answers.command(looks.objects).exitCode == 0 { pods = looks.pods(answers) }
        if pods.isAnyAtWork { noteProgress() }
        let failed = Set(pods.workers.filter { $0.status?.phase == "Failed" }.map(\.metadata.name))
        hasNewCrash = !failed.isSubset(of: crashed)
        crashed.formUnion(failed)
        return answers
    }

    mutating func noteProgress() { lastMove = .now }

    func areJobsComplete(_ count: Int) -> Bool { pods.jobs.count { $0.isComplete } >= count }

    /// Why waiting does not help any longer.
    var failure: String? {
        if let job = pods.jobs.first(where: { $0.failure != nil }) {
            return "the Job \(job.metadata.name) was given up: \(job.failure ?? "")"
        }
        if pods.neverStarts { return "a pod cannot start" }
        if ContinuousClock.now - lastMove > patience {
            return "for \(patience.components.seconds) s no pod has been at work"
        }
        return nil
    }
}

/// The logs of a run's pods as far as they have been shown: each query brings the lines that are new.
struct LogFollower: Sendable {
    private let looks: JobQueries
    private var told: [String: Int] = [:]
    /// In the order in which they printed first.
    private var pods: [String] = []

    init(_ looks: JobQueries) { self.looks = looks }

    /// Prints the new lines of these pods, each under its name. Empty lines count for nothing.
    func look(_ pods: [String]) -> String {
        let logs = pods.map { pod in
            let command = looks.kubectl.line("logs", Word("pod/\(pod)"))
            return PodLogs.framed(
                "timeout 10 \(command) 2>/dev/null | grep . | tail -n +\((told[pod] ?? 0) + 1)",
                of: Word("pod/\(pod)").quoted)
        }
        return logs.isEmpty ? ":" : logs.joined(separator: "\n")
    }

    /// What a query printed, pod by pod.
    mutating func lines(_ text: String) -> [PodLine] {
        let new = PodLogs(text).byPod
        for (pod, lines) in new { told[pod, default: 0] += lines.count }
        pods += new.keys.filter { !pods.contains($0) }.sorted()
        let columns = pods.map(\.count).max() ?? 0
        return pods.enumerated().flatMap { place, pod in
            (new[pod] ?? []).map { PodLine(pod: pod, text: $0, place: place, columns: columns) }
        }
    }
}
