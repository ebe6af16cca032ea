import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// The cluster begins a batch run at the times of the schedule.
struct ScheduleExists: Step {
    private let schedule: Schedule
    private let manifest: String
    private let image: String
    private let name: String
    private let look: SchedulesLook
    private let kubectl: Kubectl

    init(_ schedule: Schedule, of cluster: Cluster, release: DeployedRelease, templates: Templates) throws(Problem) {
        self.schedule = schedule
        image = release.image
        manifest = try schedule.manifest(cluster, release: release, templates: templates)
        name = Schedule.cronJob(schedule.name, of: cluster.service)
        look = SchedulesLook(cluster.service)
        kubectl = Kubectl(namespace: cluster.service.namespace)
    }

    var title: String { "\(name) runs at \(schedule.cron.text), by the control plane's clock" }

    /// The manifest itself is compared, too: a template may have changed.
    var questions: [Question] { look.questions + [.command(drift)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let all = look.found(answers) else { return ["the cluster could not be asked for schedules"] }
        guard let now = all.first(where: { $0.name == name }) else { return ["it has no schedule yet"] }
        let source = if case .url(let url) = schedule.input { url } else { "own data" }
        let told = [
            Self.change("schedule", now.schedule, schedule.cron.text),
            Self.changeOfInput(now.input ?? "own data", source),
            Self.change("image", now.image, image),
        ].compactMap { $0 }
        return told.isEmpty && answers.command(drift).exitCode != 0 ? ["it is not as its manifest says"] : told
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(
            kubectl.command("apply", "-f", "-").reading(manifest), fix: "see what the API server says above")
    }

    private static func change(_ subject: String, _ old: String, _ new: String) -> Difference? {
        old == new ? nil : Difference(subject, from: old, to: new)
    }

    private static func changeOfInput(_ old: String, _ new: String) -> Difference? {
        let shown = (BatchInput.shown(old), BatchInput.shown(new))
        return old != new && shown.0 == shown.1
            ? "input: \(shown.0), with another user, password or token" : change("input", shown.0, shown.1)
    }

    private var drift: String { "printf %s \(Word(manifest).quoted) | \(kubectl.line("diff", "-f", "-"))" }
}

/// The schedule is not in the cluster; runs that it has begun go with it.
struct ScheduleIsGone: Step {
    private let name: String
    private let look: SchedulesLook
    private let kubectl: Kubectl

    init(_ name: String, of service: Service) {
        self.name = name
        look = SchedulesLook(service)
        kubectl = Kubectl(namespace: service.namespace)
    }

    var title: String { "\(name) is not scheduled" }

    var questions: [Question] { look.questions }

    func differences(given answers: Answers) -> [Difference] {
        guard let all = look.found(answers) else { return ["the cluster could not be asked for schedules"] }
        return all.filter { $0.name == name }.map { "it runs at \($0.schedule)" }
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(kubectl.command("delete", "cronjob", "--ignore-not-found", Word(name)))
    }
}
