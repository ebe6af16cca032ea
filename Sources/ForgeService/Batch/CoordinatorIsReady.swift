import ForgeCore
import ForgeInventory
import ForgePlan

/// The run's coordinator is there and answers.
struct CoordinatorIsReady: Step {
    private let run: BatchRun
    private let manifest: String
    private let coordinator: BatchCoordinator
    private let limit: Duration
    private let pause: Duration

    init(
        _ run: BatchRun, manifest: String, within limit: Duration = .seconds(180),
        every pause: Duration = .milliseconds(500)
    ) {
        self.run = run
        self.manifest = manifest
        self.limit = limit
        self.pause = pause
        coordinator = BatchCoordinator(run)
    }

    var title: String { "the pod \(run.coordinator) answers" }

    var questions: [Question] { [.command(coordinator.look)] }

    func differences(given answers: Answers) -> [Difference] {
        CourierStatus(answers.command(coordinator.look)) == nil ? ["it does not answer yet"] : []
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(coordinator.secret(run), fix: "see what the API server says above")
        try await machine.run(
            coordinator.kubectl.command("apply", "-f", "-").reading(manifest), fix: "see what the API server says above"
        )
        let looks = JobQueries(run: run.name, kubectl: coordinator.kubectl)
        let isReady = try await machine.poll(within: limit, every: pause) {
            let answers = try await machine.ask(questions + [.command(looks.objects), .command(looks.warnings)])
            if differences(given: answers).isEmpty { return true }
            let pods = looks.pods(answers)
            let isOver =
                pods.neverStarts || pods.pods.contains { ["Failed", "Succeeded"].contains($0.status?.phase ?? "") }
            if isOver { throw try await problem(machine, looks, isLate: false) }
            return false
        }
        guard isReady else { throw try await problem(machine, looks, isLate: true) }
    }

    private func problem(_ machine: Machine, _ looks: JobQueries, isLate: Bool) async throws -> Problem {
        try await looks.failure(on: machine).problem(
            what: "\(machine.host.name): the pod \(run.coordinator), which holds the rows, "
                + (isLate ? "does not answer within \(limit.components.seconds) s" : "does not run"),
            seen: [], service: run.service.name, namespace: run.service.namespace)
    }
}
