import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import Foundation

/// The verbs for a service that runs.
extension Action {
    static func scale(to count: Int) -> Action {
        var action = Action("scale") { session in
            let first = session.cluster.firstControlPlane
            return try await Scaling(session.cluster.service, to: count)
                .plan(on: first, over: try session.fleet.transport(first.name))
        } next: { session in
            Scaling(session.cluster.service, to: count).next(
                inventory: session.cluster.path, argument: session.inventoryArgument)
        }
        action.arguments = " \(count)"
        return action.holding { .service($0.service) }.onFirstControlPlane()
    }

    static func logs(isFollowed: Bool, _ make: @escaping @Sendable (Cluster) -> ServiceLogs) -> Action {
        var action = watching("logs") { session, host, transport in
            try await make(session.cluster).run(on: host, over: transport, reporter: session.executor.reporter)
        }
        action.endsWhenInterrupted = isFollowed
        return action
    }

    static var jobs: Action {
        watching("jobs") { session, host, transport in
            let jobs = try await ServiceJobs.ask(session.cluster.service, on: host, over: transport, now: Date())
            let reporter = session.executor.reporter
            if !jobs.runs.isEmpty { reporter.report(.table(jobs.runTable)) }
            if !jobs.schedules.isEmpty { reporter.report(.table(jobs.scheduleTable)) }
            if jobs.runs.isEmpty && jobs.schedules.isEmpty {
                let service = session.cluster.service
                reporter.report(
                    .note(
                        "\(service.name) has no batch runs, no trainings and no schedules in namespace \(service.namespace)"
                    ))
            }
        }
    }

    /// Nothing is made true, so the plan is empty when all has been told.
    private static func watching(
        _ name: String, _ tell: @escaping @Sendable (ActionContext, ForgeCore.Host, any Transport) async throws -> Void
    ) -> Action {
        let action = Action(name, isExclusive: false) { session in
            let first = session.cluster.firstControlPlane
            try await tell(session, first, try session.fleet.transport(first.name))
            return Plan(stages: [], essential: [first.name])
        }
        return action.onFirstControlPlane()
    }
}

extension ServiceJobs {
    var runTable: Table {
        Table(
            of: "job",
            columns: [
                .init("kind", "kind"), .init("name", "name"), .init("state", "state"), .init("started", "started"),
                .init("took", "took"),
            ],
            rows: runs.map { run in
                let time = run.seconds.map(Seconds.shown) ?? ""
                return [
                    run.purpose, run.name, run.state, run.started.shown,
                    run.isOver || time.isEmpty ? time : "\(time) so far",
                ]
            })
    }

    var scheduleTable: Table {
        Table(
            of: "schedule",
            columns: [
                .init("kind", "kind"), .init("name", "schedule of"), .init("schedule", "when"),
                .init("lastRun", "last run"),
                .init("nextRun", "next run"),
            ],
            rows: schedules.map {
                [$0.purpose, $0.name, $0.schedule, $0.lastRun.shown, $0.isSuspended ? "suspended" : $0.nextRun.shown]
            })
    }
}

extension Date? {
    /// `2026-11-21T15:17:32Z`: UTC, and a program can read it, too.
    fileprivate var shown: String { map { $0.formatted(.iso8601) } ?? "" }
}
