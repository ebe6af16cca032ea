import ForgeCore
import ForgeInventory
import ForgePlan

/// The next deploy takes the models that a training has put into the model store.
struct ModelsAreRecorded: Step {
    private let run: TrainingRun
    private let looks: JobQueries
    private let recorded: NextModelVersion

    init(_ run: TrainingRun) {
        self.run = run
        looks = JobQueries(run: run.name, kubectl: Kubectl(namespace: run.service.namespace))
        recorded = NextModelVersion(run.service)
    }

    var title: String { "the next deploy takes the models of \(run.name)" }

    var questions: [Question] { [.command(looks.objects), .command(recorded.look)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let version = version(answers) else { return ["it has put none into the model store"] }
        let now = NextModelVersion.version(answers.command(recorded.look))
        return now == version ? [] : [Difference("models", from: now ?? "the image's own", to: version)]
    }

    func apply(to machine: Machine) async throws {
        guard let version = version(try await machine.ask(questions)) else {
            throw Problem(
                what: "\(machine.host.name): the version of the models is not known",
                why: "the pod of \(run.name) that put them into the store is gone",
                fix: run.pushed == nil ? "train again: `kubeforge train`" : "push it again")
        }
        try await machine.run(
            recorded.keep(version), fix: "deploy first: `kubeforge deploy` makes the history of releases")
    }

    /// What store.py wrote where Kubernetes looks for last words.
    private func version(_ answers: Answers) -> String? {
        let done = looks.pods(answers).workers.filter { $0.status?.phase == "Succeeded" }
        let own = done.flatMap { $0.status?.containerStatuses ?? [] }.filter { $0.name == TrainingRun.container }
        let said = own.compactMap { $0.state?.terminated?.message }
        return said.first { $0.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,63}/) != nil }
    }
}
