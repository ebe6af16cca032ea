import ForgeCore
import ForgeInventory
import ForgePlan

/// Every shard has brought its answers, once.
struct ShardsAreComplete: Step {
    private let run: BatchRun
    private let manifests: BatchManifests
    private let isFollowed: Bool
    private let coordinator: BatchCoordinator
    private let looks: JobQueries
    private let patience: Duration
    private let pause: Duration

    /// `patience`: how long nothing may be at work before it is given up; a run itself may take as long as it needs.
    init(
        _ run: BatchRun, manifests: BatchManifests, isFollowed: Bool, patience: Duration = .seconds(300),
        every pause: Duration = .seconds(1)
    ) {
        self.run = run
        self.manifests = manifests
        self.isFollowed = isFollowed
        self.patience = patience
        self.pause = pause
        coordinator = BatchCoordinator(run)
        looks = JobQueries(run: run.name, kubectl: coordinator.kubectl)
    }

    var title: String {
        run.shards == 1
            ? "the models have answered every row" : "the models have answered every row, in \(run.shards) shards"
    }

    var questions: [Question] { [.command(coordinator.look)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let status = CourierStatus(answers.command(coordinator.look)) else { return ["no shard is done"] }
        return status.done.count >= run.shards ? [] : [Difference(Self.progress(status.done.count, of: run.shards))]
    }

    func apply(to machine: Machine) async throws {
        let jobs = try manifests.shards(askingAt: try await coordinator.address(on: machine))
        try await machine.run(
            coordinator.kubectl.command("apply", "-f", "-").reading(jobs), fix: "see what the API server says above")
        var watch = JobMonitor(looks, isFollowed: isFollowed, patience: patience)
        var said = 0
        while true {
            let answers = try await watch.look(at: machine, asking: questions)
            let done = CourierStatus(answers.command(coordinator.look))?.done.count ?? said
            if done > said {
                machine.say(Self.progress(done, of: run.shards))
                watch.noteProgress()
            }
            said = done
            if done >= run.shards && watch.areJobsComplete(run.jobs.count) { return }
            if watch.hasNewCrash, let fault = try await fault(machine) {
                throw Problem(refused: run, fault, on: machine.host.name)
            }
            if let reason = watch.failure ?? lostCourier(watch.pods) { throw try await problem(machine, reason, done) }
            try await machine.pause(pause)
        }
    }

    /// Rows that a pod refuses, another pod would refuse, too: that is not waited for.
    private func fault(_ machine: Machine) async throws -> String? {
        try await looks.failure(on: machine).logs.values.joined().compactMap(InputFault.fault).first
    }

    private func lostCourier(_ pods: JobStatus) -> String? {
        let isThere = pods.pods.contains { $0.metadata.name == run.coordinator && $0.status?.phase == "Running" }
        return isThere ? nil : "the pod \(run.coordinator), which held the rows, is gone"
    }

    private func problem(_ machine: Machine, _ reason: String, _ done: Int) async throws -> Problem {
        try await looks.failure(on: machine).problem(
            what: "\(machine.host.name): \(run.name) failed", seen: [reason, Self.progress(done, of: run.shards)],
            service: run.service.name,
            namespace: run.service.namespace)
    }

    private static func progress(_ done: Int, of shards: Int) -> String {
        shards == 1
            ? "\(done == 1 ? "the" : "no") shard is done"
            : "\(done) of \(shards) shards \(done == 1 ? "is" : "are") done"
    }
}
