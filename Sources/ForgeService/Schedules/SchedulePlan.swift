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
        let step = try ScheduleExists(schedule, of: cluster, release: release, templates: templates)
        return plan("schedule is in place", step, cluster)
    }

    /// `found`: the schedules that there are. None is taken for another: who repeats the command shall not lose a
    /// second one.
    package static func remove(_ name: String?, found: [JobObject], cluster: Cluster) throws(Problem) -> Plan {
        let wanted = Schedule.cronJob(name, of: cluster.service)
        let others = found.compactMap { Schedule.shortName(of: $0.name, cluster.service) }
        if !found.contains(where: { $0.name == wanted }), !others.isEmpty {
            throw Problem(
                .usage, what: name.map { "there is no schedule named \($0)" } ?? "there is no schedule without a name",
                fix: "say which: " + others.map { "--name \($0)" }.joined(separator: " or "))
        }
        return plan("the schedule is gone", ScheduleIsGone(wanted, of: cluster), cluster)
    }

    private static func plan(_ stage: String, _ step: any Step, _ cluster: Cluster) -> Plan {
        let first = cluster.firstControlPlane
        return Plan(stages: [Stage(stage, on: [first]) { _ in [step] }], essential: [first.name])
    }
}

extension Schedule {
    /// `weekly` of `inference-batch-weekly`; nil for the one without a name.
    package static func shortName(of cronJob: String, _ service: Service) -> String? {
        let prefix = cronJob.dropFirst(Self.cronJob(nil, of: service).count + 1)
        return prefix.isEmpty ? nil : String(prefix)
    }
}
