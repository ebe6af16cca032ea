import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// What `kubeforge batch schedule` and `unschedule` make true.
package enum SchedulePlan {
    /// Adds the CronJob, or changes the one of the same name. Throws what is wrong with a template.
    package static func make(_ schedule: Schedule, cluster: Cluster, release: DeployedRelease, templates: Templates)
        throws(Problem) -> Plan
    {
        let store = try release.models == nil ? nil : StoreSecret(cluster, for: .schedules)
        let step = try ScheduleExists(
            schedule, of: cluster, release: release, secret: store?.name, templates: templates)
        let secret: [any Step] = store.map { [$0] } ?? []
        let checks =
            when(schedule.output.isParquet, DeployedImageCheck.writesParquet(cluster.service))
            + when(store != nil, DeployedImageCheck.keepsPredictions(cluster.service))
        return plan("schedule is in place", checks + secret + [step], cluster)
    }

    /// Where the predictions of its runs are found, or what would keep them.
    package static func note(_ schedule: Schedule, cluster: Cluster, release: DeployedRelease) -> String {
        if let place = schedule.place(cluster.service, models: release.models) {
            return "each run puts \(schedule.output.table) and scores.json into \(place.address)/TIME, its start in UTC"
        }
        if cluster.service.models != nil {
            return """
                predictions are lost with their pod: the release that runs does not know the model store; `kubeforge \
                deploy` makes one that does, and the schedule follows it
                """
        }
        let inventory = cluster.path.isEmpty ? "the inventory" : cluster.path
        return """
            predictions are lost with their pod; a model store would keep them: service: models: in \(inventory), then \
            `kubeforge deploy`
            """
    }

    /// `found`: the schedules that there are. None is taken for another: who repeats the command shall not lose a
    /// second one.
    package static func remove(_ name: String?, found: [JobObject], cluster: Cluster) throws(Problem) -> Plan {
        let wanted = Schedule.cronJob(name, of: cluster.service)
        let names = [wanted, Schedule.formerCronJob(name, of: cluster.service)].compactMap { $0 }
        let there = names.filter(found.map(\.name).contains)
        let others = found.compactMap { Schedule.shortName(of: $0.name, cluster.service) }
        if there.isEmpty, !others.isEmpty {
            throw Problem(
                .usage, what: name.map { "there is no schedule named \($0)" } ?? "there is no schedule without a name",
                fix: "say which: " + others.map { "--name \($0)" }.joined(separator: " or "))
        }
        let gone = there.isEmpty ? [wanted] : there
        return plan("the schedule is removed", gone.map { ScheduleIsGone($0, of: cluster) }, cluster)
    }

    private static func plan(_ stage: String, _ steps: [any Step], _ cluster: Cluster) -> Plan {
        let first = cluster.firstControlPlane
        return Plan(stages: [Stage(stage, on: [first]) { _ in steps }], essential: [first.name])
    }
}

extension Schedule {
    /// `weekly` of `inference-batch-weekly`; nil for the one without a name.
    package static func shortName(of cronJob: String, _ service: Service) -> String? {
        let starts = [Self.cronJob(nil, of: service), formerCronJob(nil, of: service)].compactMap {
            $0.map { $0 + "-" }
        }
        return starts.first(where: cronJob.hasPrefix).map { String(cronJob.dropFirst($0.count)) }
    }
}

/// A batch run that the cluster begins by itself: a CronJob.
package struct Schedule: Sendable, Hashable {
    /// A word to tell several apart; nil for the one that has none.
    package let name: String?
    /// In UTC, whatever time zone the hosts have.
    package let cron: CronExpression
    /// The image's own rows or an address; a file of the operator's cannot be read by the cluster.
    package let input: BatchInput
    /// What its predictions are like.
    package let output: BatchOutput

    package init(name: String?, cron: CronExpression, input: BatchInput, output: BatchOutput = BatchOutput()) {
        self.name = name
        self.cron = cron
        self.input = input
        self.output = output
    }

    /// `inference-batch`, `inference-batch-weekly`. Kubernetes allows 52 characters, and adds a time to them for each
    /// run.
    package static func cronJob(_ name: String?, of service: Service) -> String {
        JobKind.batch.prefix(service) + (name.map { "-\($0)" } ?? "")
    }

    /// The name that earlier versions gave it; nil where it is the same. Another service may have a CronJob of it.
    static func formerCronJob(_ name: String?, of service: Service) -> String? {
        service.formerShortName.map { "\($0)-\(JobKind.batch.rawValue)" + (name.map { "-\($0)" } ?? "") }
    }

    /// Whether it may follow the service's name in an object's name.
    package static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[a-z0-9]([a-z0-9-]{0,15}[a-z0-9])?/) != nil
    }

    /// CronJob is batch/v1 from Kubernetes 1.21 on.
    static func apiVersion(_ kubernetes: Version) -> String {
        kubernetes.isAtLeast(1, 21) ? "batch/v1" : "batch/v1beta1"
    }

    /// The zone of the schedule's times, from Kubernetes 1.27 on; nil where the CronJob does not name it. That of the
    /// controller manager counts then, and in a kubeadm cluster it is UTC, too.
    static func timeZone(_ cluster: Cluster, _ templates: Templates) throws(Problem) -> String? {
        let isSaid = try templates["kubernetes/jobs/schedule.yaml"].names("andTimeZone")
        return isSaid && cluster.kubernetes.isAtLeast(1, 27) ? "Etc/UTC" : nil
    }

    /// The annotation with the address that rows are fetched from, without what may be a password.
    static let input = "kubeforge.io/input"

    /// The address of the rows; nil for the image's own.
    var address: String? { if case .url(let address) = input { address } else { nil } }

    /// Where its predictions stay; nil where they end with its pods. `secret`: of what may write there.
    func place(_ service: Service, models: ModelVersion?, secret: String? = nil) -> PredictionsPlace? {
        PredictionsPlace(of: Self.cronJob(name, of: service), service, models: models, secret: secret)
    }

    /// `secret`: the name of what lets its pods write to the model store.
    func manifest(_ cluster: Cluster, release: DeployedRelease, secret: String? = nil, templates: Templates)
        throws(Problem) -> String
    {
        try Self.manifest(
            Self.cronJob(name, of: cluster.service), at: cron.text,
            command: Self.command(fetching: address != nil, output, cluster.outgoing),
            input: address.map(BatchInput.shown),
            predictions: place(cluster.service, models: release.models, secret: secret), of: cluster, release: release,
            templates: templates)
    }

    /// `name`: the CronJob's. `input`: the address in its Secret, without what may be a password; nil for the image's
    /// own rows. `predictions`: nil where they end with its pods.
    static func manifest(
        _ name: String, at schedule: String, command: [String], input: String?, predictions: PredictionsPlace? = nil,
        of cluster: Cluster, release: DeployedRelease, templates: Templates
    ) throws(Problem) -> String {
        let (service, image) = (cluster.service, release.image)
        let template = try templates["kubernetes/jobs/schedule.yaml"]
        var values: [String: String] = [:]
        var parts = try ModelStoreParts.download(release.models, of: service, image: image, templates: templates)
        if let predictions { parts = parts + predictions.parts }
        if let input {
            // The address that rows are fetched from.
            parts.mounts.append(.init(volume: "input", path: ScheduleSecret.directory))
            parts.volumes.append(.secret("input", ScheduleSecret(of: name, cluster).name))
            values["andAnnotations"] = "\n  annotations:\n    \(Self.input): \(input.yamlQuoted)"
        } else if template.names("andAnnotations") {
            // A template of the user's need have no place for what is not said.
            values["andAnnotations"] = ""
        }
        if template.names("andTimeZone") {
            values["andTimeZone"] = try timeZone(cluster, templates).map { "\n  timeZone: \($0)" } ?? ""
        }
        let pod = JobPod(
            name: "inference", image: image, command: command,
            pullSecret: release.pullSecret ?? PullSecret.name(of: cluster), parts: parts)
        return try template.render(
            [
                "apiVersion": apiVersion(cluster.kubernetes), "name": name.yamlQuoted,
                "namespace": service.namespace.yamlQuoted,
                "kind": JobKind.batch.label(service).yamlQuoted, "schedule": schedule.yamlQuoted,
                "tag": Release.tag(of: image).yamlQuoted, "podSpec": try pod.spec(templates, column: 10),
            ].merging(values) { $1 })
    }

    /// `fetching`: whether rows come from the address in its Secret.
    static func command(fetching: Bool, _ output: BatchOutput, _ proxy: Proxy?) -> [String] {
        let results = ["--results", "/tmp/results"] + output.arguments
        if !fetching { return ["python", "inference.py"] + results }
        let file = "\(ScheduleSecret.directory)/\(InputAddress.file)"
        return InputAddress.command("inference.py", file: file, results).through(proxy)
    }
}
