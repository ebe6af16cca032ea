import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService

struct BatchSchedule: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Schedule recurring batch runs (times are in UTC).",
        discussion:
            """
            Five fields: minute, hour, day of the month, month, day of the week; or @hourly, @daily, @weekly, \
            @monthly, @yearly. The predictions are kept in the service's model store, where it has one.
            """
    )

    @Argument(help: ArgumentHelp("When, for instance \"0 2 * * *\": at 02:00 every day.", valueName: "cron"))
    var cron: String

    @OptionGroup var inventory: InventoryArgument

    @Option(
        help: ArgumentHelp(
            """
            Input rows: an http(s) URL that the cluster can reach, or @FILE with such a URL. Default: the image's own \
            test data.
            """,
            valueName: "url|@file"))
    var input: String?

    @OptionGroup var form: BatchOutputOptions

    @Option(help: ArgumentHelp("Name of the schedule. Default: none, for the one unnamed schedule.", valueName: "name"))
    var name: String?

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws {
        if let input, !input.contains("://"), !input.hasPrefix("@") {
            throw ValidationError(
                "--input \(input): a schedule may run while this computer is off; name an http(s) address")
        }
        try ScheduleName.validate(name)
    }

    func action(_ surroundings: ProcessEnvironment) throws -> Action {
        let rows = try BatchInput(input, absolute: surroundings.absolute)
        let schedule = Schedule(name: name, cron: try CronExpression(cron), input: rows, output: form.output)
        var action = Action("batch schedule") { context in
            let (cluster, release) = (context.cluster, try await context.deployedRelease())
            let plan = try SchedulePlan.make(
                schedule, cluster: cluster, release: release, templates: context.templates)
            context.report(.note(SchedulePlan.note(schedule, cluster: cluster, release: release)))
            return plan
        } next: { context in
            ["kubeforge batch list\(context.inventoryArgument)"]
        }.holding { .service($0.service) }.onFirstControlPlane()
        action.takesOneService = rows != .own
        return action
    }
}

struct BatchUnschedule: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "unschedule", abstract: "Delete a schedule and the runs it started.")

    @OptionGroup var inventory: InventoryArgument

    @Option(
        help: ArgumentHelp(
            "Name of the schedule, as `kubeforge batch list` shows it. Default: the one without.", valueName: "name"
        ))
    var name: String?

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws { try ScheduleName.validate(name) }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        let name = name
        return Action("batch unschedule") { context in
            try SchedulePlan.remove(name, found: try await context.schedules(), cluster: context.cluster)
        }.holding { .service($0.service) }.onFirstControlPlane()
    }
}

struct BatchList: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the schedules in the cluster.")

    @OptionGroup var inventory: InventoryArgument

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func action(_ surroundings: ProcessEnvironment) -> Action {
        .query("batch list") { context in
            context.report(.table(ScheduleTable(try await context.schedules(), context.cluster.service).table))
        }
    }
}

private enum ScheduleName {
    static func validate(_ name: String?) throws {
        guard let name, !Schedule.isName(name) else { return }
        throw ValidationError(
            "--name \(name): 1 to 17 lower-case letters, digits and dashes, with a letter or digit at both ends")
    }
}

extension ActionContext {
    fileprivate func schedules() async throws -> [JobObject] {
        let (look, (host, transport)) = (SchedulesLook(cluster.service), try firstControlPlane())
        return try look.schedules(try await transport.ask(look.questions, of: host), from: host.name)
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
                .init("lastRun", "last run"), .init("state", "state"), .init("predictions", "predictions"),
            ],
            rows: found.map { schedule in
                [
                    Schedule.shortName(of: schedule.name, service) ?? "-", schedule.schedule,
                    schedule.input.map(BatchInput.shown) ?? "own test data",
                    schedule.release,
                    schedule.lastRun ?? "never",
                    schedule.isSuspended ? "suspended" : schedule.isAtWork ? "at work" : "waits",
                    schedule.predictions?.address ?? "",
                ]
            })
    }
}
