import ForgeCore
import ForgeInventory
import ForgeTemplates

/// A batch run that the cluster begins by itself: a CronJob.
package struct Schedule: Sendable, Hashable {
    /// A word to tell several apart; nil for the one that has none.
    package let name: String?
    package let cron: CronExpression
    package let input: BatchInput

    package init(name: String?, cron: CronExpression, input: BatchInput) {
        self.name = name
        self.cron = cron
        self.input = input
    }

    /// `inference-batch`, `inference-batch-weekly`. Kubernetes allows 52 characters, and adds a time to them for each
    /// run.
    package static func cronJob(_ name: String?, of service: Service) -> String {
        JobKind.batch.prefix(service) + (name.map { "-\($0)" } ?? "")
    }

    /// Whether it may follow the service's name in an object's name.
    package static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[a-z0-9]([a-z0-9-]{0,15}[a-z0-9])?/) != nil
    }

    /// CronJob is batch/v1 from Kubernetes 1.21 on.
    static func apiVersion(_ kubernetes: Version) -> String {
        kubernetes.isAtLeast(1, 21) ? "batch/v1" : "batch/v1beta1"
    }

    func manifest(_ cluster: Cluster, release: DeployedRelease, templates: Templates) throws(Problem) -> String {
        try Self.manifest(
            Self.cronJob(name, of: cluster.service), at: cron.text, command: command(cluster.outgoing), of: cluster,
            release: release,
            templates: templates)
    }

    /// `name`: the CronJob's.
    static func manifest(
        _ name: String, at schedule: String, command: [String], of cluster: Cluster, release: DeployedRelease,
        templates: Templates
    ) throws(Problem) -> String {
        let (service, image) = (cluster.service, release.image)
        let store = try ModelStorePatch(release.models, of: service, image: image, templates: templates, deeper: 4)
        return try templates["kubernetes/batch/schedule.yaml"].render(
            [
                "apiVersion": apiVersion(cluster.kubernetes), "name": name.yamlQuoted,
                "namespace": service.namespace.yamlQuoted,
                "kind": JobKind.batch.label(service).yamlQuoted, "schedule": schedule.yamlQuoted,
                "tag": Release.tag(of: image).yamlQuoted, "image": image.yamlQuoted, "command": command.yamlList,
                "pullSecret": PullSecret.name(service).yamlQuoted,
            ].merging(store.values) { $1 })
    }

    private func command(_ proxy: Proxy?) -> [String] {
        let input = if case .url(let url) = input { ["--input", url] } else { [String]() }
        let command = ["python", "inference.py"] + input + ["--results", "/tmp/results"]
        return input.isEmpty ? command : command.through(proxy)
    }
}
