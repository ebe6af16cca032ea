import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// The cluster begins a batch run at the times of the schedule.
struct ScheduleStands: Step {
    private let schedule: Schedule
    private let manifest: String
    private let image: String
    private let name: String
    private let look: SchedulesLook
    private let kubectl: Kubectl

    init(_ schedule: Schedule, of cluster: Cluster, image: String, templates: Templates) throws(Problem) {
        self.schedule = schedule
        self.image = image
        manifest = try schedule.manifest(cluster, image: image, templates: templates)
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
            Self.change("schedule", now.schedule, schedule.cron.text), Self.change("input", now.input ?? "own data", source),
            Self.change("image", now.image, image),
        ].compactMap { $0 }
        return told.isEmpty && answers.command(drift).exitCode != 0 ? ["it is not as its manifest says"] : told
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(kubectl.command("apply", "-f", "-").reading(manifest), fix: "see what the API server says above")
    }

    private static func change(_ subject: String, _ old: String, _ new: String) -> Difference? {
        old == new ? nil : Difference(subject, from: old, to: new)
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

/// Schedules run the image of the release, as everything else of the service does.
package struct SchedulesRunTheRelease: Step {
    private let release: Release
    private let look: SchedulesLook
    private let kubectl: Kubectl

    package init(_ release: Release, service: Service) {
        self.release = release
        look = SchedulesLook(service)
        kubectl = Kubectl(namespace: service.namespace)
    }

    package var title: String { "scheduled runs use \(release.image)" }

    package var questions: [Question] { look.questions }

    package func differences(given answers: Answers) -> [Difference] {
        guard let all = look.found(answers) else { return ["the cluster could not be asked for schedules"] }
        return outdated(all).map { Difference($0.name, from: Release.tag(of: $0.image), to: release.tag) }
    }

    package func apply(to machine: Machine) async throws {
        let names = outdated(look.found(try await machine.ask(questions)) ?? []).map(\.name)
        for name in names {
            let patch = """
                {"spec":{"jobTemplate":{"spec":{"template":{"metadata":{"labels":{"app.kubernetes.io/version":"\(release.tag)"}},\
                "spec":{"containers":[{"name":"inference","image":"\(release.reference)"}]}}}}}}
                """
            try await machine.run(kubectl.command("patch", "cronjob", Word(name), "--patch", Word(patch)))
        }
    }

    private func outdated(_ all: [JobObject]) -> [JobObject] { all.filter { $0.image != release.reference } }
}
