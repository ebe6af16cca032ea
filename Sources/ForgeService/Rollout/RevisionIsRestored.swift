import ForgeCore
import ForgePlan

/// The Deployment describes the pods of an earlier release.
struct RevisionIsRestored: Step {
    private let record: ReleaseRecord
    private let service: String
    private let namespace: String

    init(_ record: ReleaseRecord, of service: String, namespace: String) {
        self.record = record
        self.service = service
        self.namespace = namespace
    }

    var title: String {
        "the Deployment is set to \(service):\(record.tag)" + (record.models.map { " with models \($0)" } ?? "")
    }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(look)
        guard answer.exitCode == 0 else { return [Difference("the cluster could not be queried", silent: answer)] }
        let history = ReleaseHistory(answer.text, of: service)
        if history.running == record.template { return [] }
        let now = history.records.first { $0.template == history.running }
        if let now, now.image == record.image, let models = record.models {
            return [Difference("models", from: now.models ?? "the image's", to: models)]
        }
        return [Difference("release", from: now?.image ?? "another one", to: record.image)]
    }

    func apply(to machine: Machine) async throws {
        let answer = try await machine.ask(questions).command(look)
        guard answer.exitCode == 0 else { throw Problem(silent: machine.host.name, answer) }
        let history = ReleaseHistory(answer.text, of: service)
        guard let revision = history.past.first(where: { $0.record.template == record.template })?.revision else {
            throw Problem(
                what: "\(machine.host.name): \(service):\(record.tag) cannot be restored",
                why: "Kubernetes keeps its last five releases only",
                fix: "deploy it again from its own code and data")
        }
        try await machine.run(history.undo(to: revision, namespace: namespace))
    }

    private var look: String { ReleaseHistory.look(service, namespace: namespace) }
}
