import ArgumentParser
import ForgeInventory
import ForgePlan
import ForgeService
import Foundation

struct JobsCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List the service's batch runs, trainings, pushes and schedules.")

    @OptionGroup var inventory: InventoryArgument

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        .query("jobs") { context in
            let (service, (host, transport)) = (context.cluster.service, try context.firstControlPlane())
            let jobs = try await ServiceJobs.ask(service, on: host, over: transport, now: Date())
            if !jobs.runs.isEmpty { context.report(.table(jobs.runTable)) }
            if !jobs.schedules.isEmpty { context.report(.table(jobs.scheduleTable)) }
            if jobs.runs.isEmpty && jobs.schedules.isEmpty {
                context.report(
                    .note(
                        """
                        \(service.name) has no batch runs, no trainings and no schedules in namespace \
                        \(service.namespace)
                        """
                    ))
            }
        }
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
