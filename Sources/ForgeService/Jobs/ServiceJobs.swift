import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation

/// What a service has to do beside its requests: batch runs, trainings and pushes, and when the next begin.
package struct ServiceJobs: Sendable {
    /// The one that began last comes first; those that have not begun yet come before it.
    package var runs: [JobRun] = []
    /// Sorted by name.
    package var schedules: [JobSchedule] = []

    /// Asks the cluster. `host`: the first control plane.
    package static func ask(_ service: Service, on host: ForgeCore.Host, over transport: any Transport, now: Date)
        async throws
        -> ServiceJobs
    {
        let look = Kubectl(namespace: service.namespace)
            .look("get", "jobs,cronjobs", "--selector", "app.kubernetes.io/managed-by=kubeforge", "--output", "json")
        let answer = try await transport.ask([.command(look)], of: host).command(look)
        guard answer.exitCode == 0, let objects = JobObject.list(answer.text) else {
            throw Problem(silent: host.name, answer)
        }
        return ServiceJobs(objects, of: service, now: now)
    }

    init(_ objects: [JobObject], of service: Service, now: Date) {
        for object in objects {
            guard let purpose = Self.purpose(object, service) else { continue }
            if object.kind == "CronJob" {
                schedules.append(JobSchedule(object, purpose, now: now))
            } else {
                runs.append(JobRun(object, purpose, now: now))
            }
        }
        // What is of interest is what began last.
        runs.sort { ($0.started ?? .distantFuture, $0.name) > ($1.started ?? .distantFuture, $1.name) }
        schedules.sort { $0.name < $1.name }
    }

    /// Another service of the namespace has another label; its name may begin as this one's.
    private static func purpose(_ object: JobObject, _ service: Service) -> String? {
        switch object.metadata.labels?["app.kubernetes.io/name"] {
        case JobKind.batch.label(service): "batch run"
        case JobKind.train.label(service): JobKind.isPush(object.name, of: service) ? "push" : "training"
        default: nil
        }
    }
}

/// A Job.
package struct JobRun: Sendable, Hashable {
    /// `batch run`, `training` or `push`.
    package let purpose: String
    /// The Job's in its namespace; several Jobs may belong to one batch run.
    package let name: String
    /// `running, 2 of 4 done`, `complete`, `failed: BackoffLimitExceeded: …`
    package let state: String
    /// By the cluster's clock; nil before the cluster has taken it up.
    package let started: Date?
    /// Until now, where it has not ended.
    package let seconds: Double?
    /// Whether it is complete or was given up; a suspended one is not over.
    package let isOver: Bool

    init(_ job: JobObject, _ purpose: String, now: Date) {
        self.purpose = purpose
        name = job.name
        let (failure, completion) = (job.condition("Failed"), job.condition("Complete"))
        state = Self.state(job, failure, completion)
        let (isOver, started) = (failure != nil || completion != nil, Date(kubernetes: job.status?.startTime))
        (self.isOver, self.started) = (isOver, started)
        let ended =
            Date(kubernetes: job.status?.completionTime)
            ?? Date(kubernetes: (failure ?? completion)?.lastTransitionTime)
        seconds = started.map { (isOver ? ended ?? now : now).timeIntervalSince($0) }
    }

    private static func state(
        _ job: JobObject, _ failure: ClusterObject.Condition?, _ completion: ClusterObject.Condition?
    ) -> String {
        if let failure {
            return (["failed"] + [failure.reason, failure.message].compactMap { $0 }).joined(separator: ": ")
        }
        if completion != nil { return "complete" }
        let (done, all) = (job.status?.succeeded ?? 0, job.spec?.completions ?? job.spec?.parallelism ?? 1)
        if job.isSuspended { return "suspended, \(done) of \(all) done" }
        let retries = job.status?.failed ?? 0
        let tried = retries == 0 ? "" : ", \(retries) \(retries == 1 ? "pod" : "pods") failed so far"
        return (job.status?.startTime == nil ? "waiting to begin" : "running, \(done) of \(all) done") + tried
    }
}

/// A CronJob.
package struct JobSchedule: Sendable, Hashable {
    /// `batch run`; trainings have no schedules.
    package let purpose: String
    /// The CronJob's: `inference-batch-weekly`.
    package let name: String
    /// `0 2 * * *`
    package let schedule: String
    /// Whether somebody has stopped it from beginning runs.
    package let isSuspended: Bool
    /// When its last run began; nil before the first.
    package let lastRun: Date?
    /// nil where it is suspended, or where its times cannot be told.
    package let nextRun: Date?

    init(_ job: JobObject, _ purpose: String, now: Date) {
        self.purpose = purpose
        (name, schedule, isSuspended) = (job.name, job.schedule, job.isSuspended)
        lastRun = Date(kubernetes: job.lastRun)
        // kubeadm's controller manager has no time zone of its own, which is UTC.
        let zone = job.spec?.timeZone.map { TimeZone(identifier: $0) } ?? .gmt
        nextRun = job.isSuspended ? nil : zone.flatMap { CronTimes(job.schedule)?.next(after: now, in: $0) }
    }
}
