import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// Schedules run the image and the models of the release, as everything else of the service does, and their predictions
/// come into the model store that the inventory names.
package struct SchedulesUseRelease: Step {
    private let release: Release
    private let models: ModelVersion?
    private let pullSecret: String
    private let store: StoreSecret?
    private let cluster: Cluster
    private let templates: Templates
    private let look: SchedulesLook
    private let kubectl: Kubectl

    /// `models`: nil for those in the image. `pullSecret`: nil for that of the next release. `store`: what lets pods
    /// write to the model store; nil for what each schedule has.
    init(
        _ release: Release, models: ModelVersion?, pullSecret: String? = nil, store: StoreSecret? = nil,
        of cluster: Cluster, templates: Templates
    ) {
        self.release = release
        self.models = models
        self.pullSecret = pullSecret ?? PullSecret.name(of: cluster)
        self.store = store
        self.cluster = cluster
        self.templates = templates
        look = SchedulesLook(cluster.service)
        kubectl = Kubectl(namespace: cluster.service.namespace)
    }

    package var title: String { "scheduled runs use \(release.image)" }

    package var questions: [Question] { look.questions }

    /// A line for each schedule that runs another image or other models, keeps its address outside a Secret, puts its
    /// predictions elsewhere, or does not name its time zone.
    package func differences(given answers: Answers) -> [Difference] {
        guard let all = look.found(answers) else { return [look.silence(answers)] }
        return all.compactMap(change)
    }

    /// Its times, its input and what its predictions are like stay as they are.
    package func apply(to machine: Machine) async throws {
        let outdated = (look.found(try await machine.ask(questions)) ?? []).filter { change($0) != nil }
        if outdated.contains(where: { place(of: $0) != nil }) { try await bringKey(to: machine) }
        for schedule in outdated {
            let (address, secret) = (schedule.openAddress, ScheduleSecret(of: schedule.name, cluster))
            if address != nil { try await secret.check(on: machine) }
            let command =
                address == nil
                ? schedule.command : Schedule.command(fetching: true, schedule.output, cluster.outgoing)
            let manifest = try Schedule.manifest(
                schedule.name, at: schedule.schedule, command: command, input: schedule.input,
                predictions: place(of: schedule), of: cluster,
                release: DeployedRelease(image: release.reference, models: models, pullSecret: pullSecret),
                templates: templates)
            try await machine.run(
                kubectl.command("apply", "-f", "-").reading(manifest), fix: "see what the API server says above")
            if let address { try await secret.keep(address, on: machine) }
        }
    }

    /// What may write is not in the cluster before a schedule, or a training, needs it.
    private func bringKey(to machine: Machine) async throws {
        guard let store else { return }
        let answers = try await machine.ask(store.questions)
        if !store.differences(given: answers).isEmpty { try await store.apply(to: machine) }
    }

    /// A release that has its models in its image cannot reach the store. A rollback changes no keys.
    private func place(of schedule: JobObject) -> PredictionsPlace? {
        if models == nil { return nil }
        guard let store else { return schedule.predictions }
        return PredictionsPlace(of: schedule.name, cluster.service, models: models, secret: store.name)
    }

    private func change(_ schedule: JobObject) -> Difference? {
        if schedule.image != release.reference {
            return Difference(schedule.name, from: Release.tag(of: schedule.image), to: release.tag)
        }
        if schedule.models == models {
            if schedule.openAddress != nil { return "the address of \(schedule.name) goes into a Secret" }
            let predictions = "predictions of \(schedule.name)"
            if let moved = PredictionsPlace.change(predictions, from: schedule.predictions, to: place(of: schedule)) {
                return moved
            }
            // A template of the user's may name a Secret of the user's own, or none.
            if let now = schedule.pullSecret, now != pullSecret, PullSecret.isName(now, of: cluster.service) {
                return Difference("Secret that \(schedule.name) pulls with", from: now, to: pullSecret)
            }
            // A template that cannot be read is told when a manifest is made of it.
            let zone = (try? Schedule.timeZone(cluster, templates)) ?? nil
            return schedule.change("time zone of \(schedule.name)", to: zone)
        }
        let (old, new) = (schedule.models?.version ?? ModelVersion.ofImage, models?.version ?? ModelVersion.ofImage)
        return Difference("models of \(schedule.name)", from: old, to: new)
    }
}
