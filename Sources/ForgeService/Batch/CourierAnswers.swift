import ForgeCore
import ForgeInventory
import ForgePlan

/// The run's courier is there and answers.
struct CourierAnswers: Step {
    private let run: BatchRun
    private let manifest: String
    private let courier: Courier
    private let limit: Duration
    private let pause: Duration

    init(_ run: BatchRun, manifest: String, within limit: Duration = .seconds(180), every pause: Duration = .milliseconds(500)) {
        self.run = run
        self.manifest = manifest
        self.limit = limit
        self.pause = pause
        courier = Courier(run)
    }

    var title: String { "the pod \(run.courier) answers" }

    var questions: [Question] { [.command(courier.look)] }

    func differences(given answers: Answers) -> [Difference] {
        CourierStatus(answers.command(courier.look)) == nil ? ["it does not answer yet"] : []
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(courier.secret(run), fix: "see what the API server says above")
        try await machine.run(courier.kubectl.command("apply", "-f", "-").reading(manifest), fix: "see what the API server says above")
        let looks = JobLooks(run: run.name, kubectl: courier.kubectl)
        let end = ContinuousClock.now + limit
        while true {
            let answers = try await machine.ask(questions + [.command(looks.objects), .command(looks.warnings)])
            if differences(given: answers).isEmpty { return }
            let pods = looks.pods(answers)
            let isOver = pods.neverStarts || pods.pods.contains { ["Failed", "Succeeded"].contains($0.status?.phase ?? "") }
            if isOver || ContinuousClock.now >= end { throw try await problem(machine, looks, isLate: !isOver) }
            try await machine.pause(pause)
        }
    }

    private func problem(_ machine: Machine, _ looks: JobLooks, isLate: Bool) async throws -> Problem {
        try await looks.failure(on: machine).problem(
            what: "\(machine.host.name): the pod \(run.courier), which holds the rows, "
                + (isLate ? "does not answer within \(limit.components.seconds) s" : "does not run"),
            seen: [], service: run.service.name, namespace: run.service.namespace)
    }
}
