import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// Back to a release that ran before: its pods are described as they were then, and its image is in the registry.
package enum RollbackPlan {
    /// What the history is read from; the answer goes into `history`.
    package static func question(_ service: Service) -> Question {
        .command(ReleaseHistory.look(service.name, namespace: service.namespace))
    }

    /// `wanted`: the beginning of a tag, or of its models' version in the model store; nil is the release before the
    /// one that runs.
    package static func make(
        cluster: Cluster, history: ReleaseHistory, to wanted: String?, templates: Templates, by person: String,
        within limit: Duration
    ) throws(Problem) -> Plan {
        let service = cluster.service
        let target = try history.target(wanted, service: service.name)
        let release = target.release
        guard release.registry != Release.formerRegistry else {
            throw Problem(
                what: "\(release.name):\(release.tag) cannot be restored: its image was never in a registry",
                why:
                    """
                    it was brought to the nodes before kubeforge had a registry, and a node that has lost it would ask \
                    docker.io
                    """,
                fix: "deploy it again from its sources: `kubeforge deploy`")
        }
        let replicas = history.replicas ?? service.replicas
        return Plan(
            stages: [
                Stage("the release runs again", on: [cluster.firstControlPlane]) { _ in
                    [
                        RevisionIsRestored(target.record, of: service.name, namespace: service.namespace),
                        RolloutIsComplete(
                            release, replicas: replicas, namespace: service.namespace, within: limit,
                            orElse: AutomaticRollback(
                                release: release, template: target.record.template, namespace: service.namespace,
                                replicas: replicas)),
                        ReleaseIsRecorded(
                            release, template: target.record.template, by: person, namespace: service.namespace),
                        SchedulesUseRelease(
                            release, models: target.models, pullSecret: target.pullSecret, of: cluster,
                            templates: templates),
                    ]
                }
            ], essential: [cluster.firstControlPlane.name])
    }

    /// Read from the answer, or why it cannot be.
    package static func history(of cluster: Cluster, _ answers: Answers) throws(Problem) -> ReleaseHistory {
        let service = cluster.service
        let answer = answers.command(ReleaseHistory.look(service.name, namespace: service.namespace))
        guard answer.exitCode == 0 else { throw Problem(silent: cluster.firstControlPlane.name, answer) }
        let history = ReleaseHistory(answer.text, of: service.name)
        guard !history.records.isEmpty else {
            throw Problem(
                what:
                    """
                    \(cluster.firstControlPlane.name): no release of \(service.name) is recorded in namespace \
                    \(service.namespace)
                    """,
                fix: "deploy one: `kubeforge deploy`")
        }
        return history
    }
}

extension ReleaseHistory {
    /// Which release a person means.
    fileprivate func target(_ wanted: String?, service: String) throws(Problem) -> RestorableRelease {
        guard let wanted else {
            if let before = past.first(where: { $0.record.template != running }) { return before }
            throw Problem(
                what: "\(service): there is no earlier release", fix: "`kubeforge releases` shows what ran when")
        }
        let prefix = wanted.hasPrefix(service + ":") ? String(wanted.dropFirst(service.count + 1)) : wanted
        let found = past.filter { $0.record.tag.hasPrefix(prefix) || $0.record.models?.hasPrefix(prefix) == true }
        if let one = found.first, Set(found.map(\.record.tag)).count == 1 { return one }
        let known = (found.isEmpty ? past : found).map(\.record.tag).uniqued().joined(separator: ", ")
        throw Problem(
            what: found.isEmpty ? "release \(wanted) cannot be restored" : "\(wanted) matches more than one release",
            why: "there are: \(known)", fix: "`kubeforge releases` shows what ran when")
    }
}
