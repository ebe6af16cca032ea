import ForgeCore
import ForgeInventory
import ForgePlan

/// The models are trained, or those that were pushed are in the store, and what the pod printed is told.
struct TrainingIsComplete: Step {
    private let run: TrainingRun
    private let manifest: String
    private let isFollowed: Bool
    private let handover: Handover?
    private let looks: JobQueries
    private let told: @Sendable (String) -> Void
    private let patience: Duration
    private let pause: Duration

    /// `told` gets the log of the training when it is over. `handover`: what its pod waits for, if it does.
    /// `patience`: how long nothing may be at work before it is given up.
    init(
        _ run: TrainingRun, manifest: String, isFollowed: Bool, handover: Handover? = nil,
        patience: Duration = .seconds(300), every pause: Duration = .seconds(1),
        told: @escaping @Sendable (String) -> Void
    ) {
        self.run = run
        self.manifest = manifest
        self.isFollowed = isFollowed
        self.handover = handover
        self.patience = patience
        self.pause = pause
        self.told = told
        looks = JobQueries(run: run.name, kubectl: Kubectl(namespace: run.service.namespace))
    }

    var title: String {
        run.pushed == nil ? "\(run.name) has trained the models" : "\(run.name) has put the models into the store"
    }

    var questions: [Question] { [.command(looks.objects)] }

    func differences(given answers: Answers) -> [Difference] {
        let job = JobObject.jobs(answers.command(looks.objects).text).first { $0.metadata.name == run.name }
        return job?.isComplete == true ? [] : [job == nil ? "it has not begun" : "it has not ended well"]
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(
            looks.kubectl.command("apply", "-f", "-").reading(manifest), fix: "see what the API server says above")
        var watch = JobMonitor(looks, isFollowed: isFollowed, patience: patience)
        var handover = handover
        while true {
            let awaited = handover?.questions(watch.pods) ?? []
            let answers = try await watch.look(at: machine, asking: awaited)
            if watch.areJobsComplete(1) { break }
            if let reason = watch.failure { throw try await problem(machine, reason) }
            try await handover?.bring(answers, to: machine)
            try await machine.pause(pause)
        }
        // What was printed between the last query and the end.
        _ = try await watch.look(at: machine)
        let log = try await machine.ask([.command(log)]).command(log).text
        if !isFollowed { told(log) }
        if let scores = TrainingLog(log).scores { machine.tell(Difference(scores)) }
    }

    private func problem(_ machine: Machine, _ reason: String) async throws -> Problem {
        try await looks.failure(on: machine).problem(
            what: "\(machine.host.name): \(run.name) failed", seen: [reason], service: run.service.name,
            namespace: run.service.namespace)
    }

    private var log: String { looks.kubectl.line("logs", "--tail=200", Word("job/\(run.name)")) }
}

/// What a training prints, as far as it is read here.
struct TrainingLog {
    /// `lda 0.692, mlp 0.715`: its last lines of that form that follow each other.
    let scores: String?

    init(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        func isScore(_ line: String) -> Bool { line.wholeMatch(of: /[A-Za-z0-9][\w.-]* -?\d+\.\d+/) != nil }
        let before = lines.reversed().drop { !isScore($0) }
        let found = before.prefix(while: isScore).prefix(20).reversed()
        scores = found.isEmpty ? nil : found.joined(separator: ", ")
    }
}
