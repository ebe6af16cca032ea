import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// What `kubeforge batch schedule` and `unschedule` make true.
package enum SchedulePlan {
    package static func make(_ schedule: Schedule, cluster: Cluster, image: String, templates: Templates) throws(Problem) -> Plan {
        let step = try ScheduleStands(schedule, of: cluster, image: image, templates: templates)
        return plan("the schedule stands", step, cluster)
    }

    /// `found`: the schedules that there are; one that has no name may be meant without it being said when it is the only one.
    package static func remove(_ name: String?, found: [CronJobObject], cluster: Cluster) throws(Problem) -> Plan {
        let wanted = Schedule.cronJob(name, of: cluster.service)
        if name == nil, !found.contains(where: { $0.name == wanted }), found.count > 1 {
            let names = found.map { "--name \(Schedule.shortName(of: $0.name, cluster.service) ?? "")" }
            throw Problem(
                .usage, what: "which schedule? there are \(found.count)", fix: "say \(names.joined(separator: " or "))")
        }
        let isOnly = name == nil && found.count == 1
        return plan("the schedule is gone", ScheduleIsGone(isOnly ? found[0].name : wanted, of: cluster.service), cluster)
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
