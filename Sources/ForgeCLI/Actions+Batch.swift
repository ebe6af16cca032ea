import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import Foundation

/// What was typed after `batch run`.
struct BatchOrder: Sendable {
    let input: BatchInput
    /// As it was typed.
    let typedInput: String?
    let shards: Int
    let isFollowed: Bool
    /// A part of the run's name.
    let time: String
    /// As it was typed; nil for a new folder of the run's name.
    let results: String?
    let here: ProcessEnvironment

    /// As they are typed, each after a space; of an address without what may be a password.
    var arguments: String {
        let options = [
            ("--input", typedInput.map(BatchInput.shown)), ("--shards", shards == 1 ? nil : "\(shards)"),
            ("--results", results),
        ]
        return options.compactMap { name, value in value.map { " \(name) \($0.shellQuoted)" } }.joined()
            + (isFollowed ? " --follow" : "")
    }

    /// As sentences name it.
    func folder(_ cluster: Cluster) -> String {
        guard let results else { return "results/\(BatchRun.name(cluster.service, time: time))" }
        return results.count > 1 && results.hasSuffix("/") ? String(results.dropLast()) : results
    }
}

/// The verbs of batch and training. All work on the first control plane alone: the cluster does the rest.
extension Action {
    static func batchRun(_ order: BatchOrder) -> Action {
        var action = Action("batch run") { session in
            let (run, folder) = (try await order.run(session), order.folder(session.cluster))
            return try BatchPlan.make(
                cluster: session.cluster, run: run, templates: session.templates,
                results: Folder(shown: folder, path: order.here.absolute(folder)), isFollowed: order.isFollowed)
        } next: { session in
            order.tellScores(session)
        }
        action.afterwards = { await clear(.batch, BatchRun.name($0.cluster.service, time: order.time), $0) }
        action.lease = { .jobs(.batch, $0.service) }
        (action.arguments, action.goesOn) = (order.arguments, false)
        action.showsOutput = order.isFollowed
        return action.onFirstControlPlane()
    }

    static func train(isFollowed: Bool, time: String) -> Action {
        var action = Action("train") { session in
            let release = try await session.deployedRelease()
            try TrainingPlan.check(release, session.cluster.service)
            let run = TrainingRun(of: session.cluster, image: release.image, time: time)
            let reporter = session.executor.reporter
            return try TrainingPlan.make(
                cluster: session.cluster, run: run, templates: session.templates, isFollowed: isFollowed
            ) {
                reporter.report(.note($0))
            }
        } next: { session in
            if session.cluster.service.models != nil {
                return ["kubeforge deploy\(session.inventoryArgument)   (puts them into service, past the gate)"]
            }
            session.executor.reporter.report(.note(TrainingPlan.notKept))
            return ["kubeforge deploy\(session.inventoryArgument)   (after a change of the data)"]
        }
        action.afterwards = { await clear(.train, TrainingRun.name($0.cluster.service, time: time), $0) }
        action.lease = { .jobs(.train, $0.service) }
        (action.arguments, action.goesOn) = (isFollowed ? " --follow" : "", false)
        action.showsOutput = isFollowed
        return action.onFirstControlPlane()
    }

    static func batchSchedule(_ schedule: Schedule) -> Action {
        Action("batch schedule") { session in
            try SchedulePlan.make(
                schedule, cluster: session.cluster, release: try await session.deployedRelease(),
                templates: session.templates)
        } next: { session in
            ["kubeforge batch list\(session.inventoryArgument)"]
        }.holding { .service($0.service) }.onFirstControlPlane()
    }

    static func batchUnschedule(_ name: String?) -> Action {
        Action("batch unschedule") { session in
            try SchedulePlan.remove(name, found: try await session.schedules(), cluster: session.cluster)
        }.holding { .service($0.service) }.onFirstControlPlane()
    }

    /// Nothing is made true, so its plan is empty.
    static func batchList() -> Action {
        Action("batch list", isExclusive: false) { session in
            session.executor.reporter.report(
                .table(ScheduleTable(try await session.schedules(), session.cluster.service).table))
            return Plan(stages: [], essential: [session.cluster.firstControlPlane.name])
        }.onFirstControlPlane()
    }

    /// Tidies up; what it cannot remove now, the next run will.
    private static func clear(_ kind: JobKind, _ run: String, _ session: ActionContext) async {
        let step = OldRunsAreRemoved(session.cluster.service, kind, of: run)
        do {
            try await step.apply(to: try session.fleet.machine(session.cluster.firstControlPlane.name))
        } catch {
            let why = Problem(error, on: session.cluster.firstControlPlane.name).what
            session.executor.reporter.report(
                .note("what the run had in the cluster is still there; the next one removes it (\(why))"))
        }
    }
}

extension BatchOrder {
    fileprivate func run(_ session: ActionContext) async throws -> BatchRun {
        BatchRun(
            of: session.cluster, input: input, shards: shards, release: try await session.deployedRelease(), time: time)
    }

    /// The scores once more, where the eye rests; what to look at next.
    fileprivate func tellScores(_ session: ActionContext) -> [String] {
        let folder = folder(session.cluster)
        let path = here.absolute(folder) + "/scores.json"
        if let scores = FileManager.default.contents(atPath: path).flatMap({ BatchScores(json: Array($0)) }) {
            session.executor.reporter.report(.note("\n" + scores.sentence))
        }
        return ["less \("\(folder)/predictions.csv".shellQuoted)"]
    }
}

extension ActionContext {
    fileprivate func deployedRelease() async throws -> DeployedRelease {
        let host = cluster.firstControlPlane
        return try await DeployedRelease.Look(cluster.service).ask(try fleet.transport(host.name), of: host)
    }

    fileprivate func schedules() async throws -> [JobObject] {
        let (look, host) = (SchedulesLook(cluster.service), cluster.firstControlPlane)
        let answers = try await fleet.transport(host.name).ask(look.questions, of: host)
        guard let found = look.found(answers) else {
            throw Problem(
                what: "\(host.name): the cluster could not be asked for schedules",
                fix:
                    "does its API answer? `sudo kubectl --kubeconfig /etc/kubernetes/admin.conf get cronjobs` on \(host.name)"
            )
        }
        return found
    }
}

/// Schedules as rows.
struct ScheduleTable {
    let table: Table

    init(_ found: [JobObject], _ service: Service) {
        table = Table(
            of: "schedule",
            columns: [
                .init("name", "name"), .init("schedule", "schedule"), .init("input", "input"), .init("image", "image"),
                .init("lastRun", "last run"), .init("state", "state"),
            ],
            rows: found.map { schedule in
                [
                    Schedule.shortName(of: schedule.name, service) ?? "-", schedule.schedule,
                    schedule.input.map(BatchInput.shown) ?? "own test data",
                    schedule.release,
                    schedule.lastRun ?? "never",
                    schedule.isSuspended ? "suspended" : schedule.isAtWork ? "at work" : "waits",
                ]
            })
    }
}
