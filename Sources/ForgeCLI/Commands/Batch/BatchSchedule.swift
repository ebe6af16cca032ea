import ArgumentParser
import ForgeCore
import ForgeService

struct BatchSchedule: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Schedule recurring batch runs (in the control plane's time).",
        discussion:
            "Five fields: minute, hour, day of the month, month, day of the week; or @hourly, @daily, @weekly, @monthly, @yearly."
    )

    @Argument(help: ArgumentHelp("When, for instance \"0 2 * * *\": at 02:00 every day.", valueName: "cron"))
    var cron: String

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Option(
        help: ArgumentHelp(
            "Input rows: an http(s) URL that the cluster can reach, or @FILE with such a URL. Default: the image's own test data.",
            valueName: "url|@file"))
    var input: String?

    @Option(help: ArgumentHelp("Tells several schedules apart. Without a name there is one.", valueName: "name"))
    var name: String?

    @OptionGroup var options: SharedOptions

    func validate() throws {
        if let input, !input.contains("://"), !input.hasPrefix("@") {
            throw ValidationError(
                "--input \(input): a schedule runs when this computer may be off; name an http(s) address")
        }
        try ScheduleName.validate(name)
    }

    func run() async throws {
        let assembly = Assembly()
        let rows = try BatchInput(input, absolute: assembly.surroundings.absolute)
        let schedule = Schedule(name: name, cron: try CronExpression(cron), input: rows)
        try await assembly.run(.batchSchedule(schedule), inventory: inventory, options)
    }
}

struct BatchUnschedule: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unschedule", abstract: "Delete a schedule and the runs it started.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Option(
        help: ArgumentHelp(
            "The schedule of this name: `kubeforge batch list` shows them. Default: the one without.", valueName: "name"
        ))
    var name: String?

    @OptionGroup var options: SharedOptions

    func validate() throws { try ScheduleName.validate(name) }

    func run() async throws { try await Assembly().run(.batchUnschedule(name), inventory: inventory, options) }
}

struct BatchList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the schedules that the cluster has.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @OptionGroup var options: SharedOptions

    func run() async throws { try await Assembly().run(.batchList(), inventory: inventory, options) }
}

private enum ScheduleName {
    static func validate(_ name: String?) throws {
        guard let name, !Schedule.isName(name) else { return }
        throw ValidationError(
            "--name \(name): 1 to 17 lower-case letters, digits and dashes, with a letter or digit at both ends")
    }
}
