import ForgeCore
import ForgePlan

/// Looks at a run's Jobs again and again, tells what their pods print, and knows when hope is gone.
struct JobMonitor {
    private let looks: JobQueries
    private let isFollowed: Bool
    private let patience: Duration
    private var logs: LogFollower
    private var crashed: Set<String> = []
    /// Whether a pod's program failed that had not at the look before.
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
