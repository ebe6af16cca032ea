import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// The cluster begins a batch run at the times of the schedule.
struct ScheduleExists: Step {
    private let schedule: Schedule
    private let manifest: String
    private let image: String
    private let predictions: PredictionsPlace?
    private let zone: String?
    private let name: String
    /// The name that earlier versions gave it; nil where it is the same.
    private let former: String?
    private let owner: ScheduleOwner
    private let look: SchedulesLook
    private let cluster: Cluster
    private let secret: ScheduleSecret
    private let kubectl: Kubectl

    /// `store`: the name of the Secret that lets its pods write to the model store.
    init(
        _ schedule: Schedule, of cluster: Cluster, release: DeployedRelease, secret store: String? = nil,
        templates: Templates
    ) throws(Problem) {
        self.schedule = schedule
        image = release.image
        predictions = schedule.place(cluster.service, models: release.models, secret: store)
        zone = try Schedule.timeZone(cluster, templates)
        manifest = try schedule.manifest(cluster, release: release, secret: store, templates: templates)
        name = Schedule.cronJob(schedule.name, of: cluster.service)
        former = Schedule.formerCronJob(schedule.name, of: cluster.service)
        owner = ScheduleOwner(of: name, cluster.service)
        self.cluster = cluster
        secret = ScheduleSecret(of: name, cluster)
        look = SchedulesLook(cluster.service)
        kubectl = Kubectl(namespace: cluster.service.namespace)
    }

    var title: String { "\(name) runs at \(schedule.cron.text), in UTC" }

    /// The manifest itself is compared, too: a template may have changed.
    var questions: [Question] { look.questions + [drift, secret.look, owner.look].map(Question.command) }

    func differences(given answers: Answers) -> [Difference] {
        guard let all = look.found(answers) else { return [look.silence(answers)] }
        let isLeft = all.contains { $0.name == former }
        guard let now = all.first(where: { $0.name == name }) else {
            if let taken = owner.taken(answers) { return [taken] }
            return [
                former.flatMap { isLeft ? Difference("its name", from: $0, to: name) : nil } ?? "it has no schedule yet"
            ]
        }
        let told = [
            former.flatMap { isLeft ? Difference("it runs under its former name, too: \($0)") : nil },
            Self.change("schedule", now.schedule, schedule.cron.text), now.change("time zone", to: zone),
            changeOfInput(now, secret.state(answers)),
            Self.change("kept columns", now.output.keep ?? "none", schedule.output.keep ?? "none"),
            Self.change("results", now.output.table, schedule.output.table),
            PredictionsPlace.change("predictions", from: now.predictions, to: predictions),
            Self.change("image", now.image, image),
        ].compactMap { $0 }
        return told.isEmpty && answers.command(drift).exitCode != 0 ? ["it differs from its manifest"] : told
    }

    /// Somebody else's CronJob of its name stays, and no other is made.
    func refusal(of differences: [Difference], on host: Host) -> Problem? { owner.refusal(of: differences, on: host) }

    /// A run that begins before its Secret is there waits for it.
    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(look.questions + [.command(owner.look)])
        try owner.check(answers, on: machine.host)
        if schedule.address != nil { try await secret.check(on: machine) }
        try await machine.run(
            kubectl.command("apply", "-f", "-").reading(manifest), fix: "see what the API server says above")
        if let address = schedule.address {
            try await secret.keep(address, on: machine)
        } else {
            try await machine.run(secret.removed)
        }
        if let former, look.found(answers)?.contains(where: { $0.name == former }) ?? false {
            try await remove(former, on: machine)
        }
    }

    /// Runs that the schedule has begun under its former name end as they would; its successor begins the next.
    private func remove(_ former: String, on machine: Machine) async throws {
        try await machine.run(
            kubectl.command("delete", "cronjob", "--cascade=orphan", "--ignore-not-found", Word(former)))
        try await machine.run(ScheduleSecret(of: former, cluster).removed)
    }

    private static func change(_ subject: String, _ old: String, _ new: String) -> Difference? {
        old == new ? nil : Difference(subject, from: old, to: new)
    }

    private func changeOfInput(_ now: JobObject, _ state: ScheduleSecret.State) -> Difference? {
        let shown = schedule.address.map(BatchInput.shown)
        if now.input != shown { return Difference("input", from: now.input ?? "own data", to: shown ?? "own data") }
        guard let address = schedule.address, let shown else {
            if case .kept = state { return "the address that it had is still in the cluster" }
            return nil
        }
        return switch state {
        case .kept(ScheduleSecret.digest(address)) where now.openAddress == nil: nil
        case .kept where now.openAddress == nil: "input: \(shown), with another user, password or token"
        case .unknown: "the cluster could not be queried for the Secret \(secret.name)"
        case .kept, .missing, .others: "the address \(shown) goes into a Secret"
        }
    }

    private var drift: String { "printf %s \(Word(manifest).quoted) | \(kubectl.line("diff", "-f", "-"))" }
}

/// The schedule is not in the cluster; runs that it has begun go with it.
struct ScheduleIsGone: Step {
    private let name: String
    private let secret: ScheduleSecret
    private let look: SchedulesLook
    private let kubectl: Kubectl

    init(_ name: String, of cluster: Cluster) {
        self.name = name
        secret = ScheduleSecret(of: name, cluster)
        look = SchedulesLook(cluster.service)
        kubectl = Kubectl(namespace: cluster.service.namespace)
    }

    var title: String { "\(name) is not scheduled" }

    var questions: [Question] { look.questions }

    func differences(given answers: Answers) -> [Difference] {
        guard let all = look.found(answers) else { return [look.silence(answers)] }
        return all.filter { $0.name == name }.map { "it runs at \($0.schedule)" }
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(kubectl.command("delete", "cronjob", "--ignore-not-found", Word(name)))
        try await machine.run(secret.removed)
    }
}
