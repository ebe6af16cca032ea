import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import Foundation

struct BatchRunCommand: ActionCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: """
            Predict every row of a CSV or Parquet file in the cluster and download the results.
            """)

    @OptionGroup var inventory: InventoryArgument

    @Option(
        help: ArgumentHelp(
            """
            Input rows: a local CSV or Parquet file, an http(s) URL that the cluster can reach, or @FILE with such a \
            URL. Default: the image's own test data.
            """,
            valueName: "file|url|@file"))
    var input: String?

    @Option(help: ArgumentHelp("Split the rows into this many shards, which are answered in parallel.", valueName: "n"))
    var shards = 1

    @OptionGroup var form: BatchOutputOptions

    @Option(
        help: ArgumentHelp(
            "Directory for predictions.csv and scores.json. Default: a new directory, results/RUN.", valueName: "dir"))
    var results: String?

    @Flag(help: "Follow the logs of the pods.")
    var follow = false

    @OptionGroup var service: ServiceOption

    @OptionGroup var options: SharedOptions

    var services: [String] { service.names }

    func validate() throws {
        if !(1...100).contains(shards) { throw ValidationError("--shards \(shards): from 1 to 100") }
    }

    func action(_ surroundings: ProcessEnvironment) throws -> Action {
        let time = Timestamp(surroundings.now()).text
        let rows = try BatchInput(input, absolute: surroundings.absolute)
        let output = form.output
        if let results { try ResultsDirectory(surroundings.absolute(results), as: results).check(for: output) }
        return .batchRun(
            BatchOrder(
                input: rows, typedInput: input, output: output, shards: shards, isFollowed: follow, time: time,
                results: results, here: surroundings))
    }
}

extension Action {
    static func batchRun(_ order: BatchOrder) -> Action {
        var action = Action("batch run") { context in
            try await KeptColumns(of: order.input, output: order.output, templates: context.templates)?.check(
                on: LocalTransport())
            let (run, directory) = (try await order.run(context), order.directory(context.cluster))
            return try BatchPlan.make(
                cluster: context.cluster, run: run, templates: context.templates,
                results: Directory(shown: directory, path: order.here.absolute(directory)), isFollowed: order.isFollowed
            )
        } next: { context in
            order.tellScores(context)
        }
        action.afterwards = { await clear(.batch, BatchRun.name($0.cluster.service, time: order.time), $0) }
        action.lease = { .jobs(.batch, $0.service) }
        action.takesOneService = order.input != .own || order.results != nil
        (action.arguments, action.goesOn) = (order.arguments, false)
        action.showsOutput = order.isFollowed
        return action.onFirstControlPlane()
    }
}

/// What was typed after `batch run`.
struct BatchOrder: Sendable {
    let input: BatchInput
    /// The input, as it was typed.
    let typedInput: String?
    let output: BatchOutput
    let shards: Int
    let isFollowed: Bool
    /// A part of the run's name.
    let time: String
    /// The directory for results, as it was typed; nil for a new directory of the run's name.
    let results: String?
    let here: ProcessEnvironment

    /// The options as they are typed, each after a space; of an address without what may be a password.
    var arguments: String {
        let options = [
            ("--input", typedInput.map(BatchInput.shown)), ("--shards", shards == 1 ? nil : "\(shards)"),
            ("--keep", output.keep), ("--results", results),
        ]
        return options.compactMap { name, value in value.map { " \(name) \($0.shellQuoted)" } }.joined()
            + (output.isParquet ? " --parquet" : "") + (isFollowed ? " --follow" : "")
    }

    /// The directory for results, as sentences name it.
    func directory(_ cluster: Cluster) -> String {
        guard let results else { return "results/\(BatchRun.name(cluster.service, time: time))" }
        return results.count > 1 && results.hasSuffix("/") ? String(results.dropLast()) : results
    }
}

extension BatchOrder {
    fileprivate func run(_ context: ActionContext) async throws -> BatchRun {
        BatchRun(
            of: context.cluster, input: input, output: output, shards: shards,
            release: try await context.deployedRelease(), time: time)
    }

    /// The scores once more, at the end of the output; then what to look at next.
    fileprivate func tellScores(_ context: ActionContext) -> [String] {
        let directory = directory(context.cluster)
        let path = here.absolute(directory) + "/scores.json"
        if let scores = FileManager.default.contents(atPath: path).flatMap({ BatchScores(json: Array($0)) }) {
            context.report(.note("\n" + scores.sentence))
        }
        let table = "\(directory)/\(output.table)".shellQuoted
        let read = "import pandas, sys; table = pandas.read_parquet(sys.argv[1])"
        return [output.isParquet ? "python3 -i -c '\(read)' \(table)" : "less \(table)"]
    }
}

/// The time of a run as a part of names: `20261121-151732`, in UTC.
struct Timestamp {
    let text: String

    init(_ date: Date) {
        let style = Date.VerbatimFormatStyle(
            format:
                """
                \(year: .defaultDigits)\(month: .twoDigits)\(day: .twoDigits)-\
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\
                \(minute: .twoDigits)\(second: .twoDigits)
                """,
            timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        text = date.formatted(style)
    }
}

/// A directory for results, looked at before anything is contacted: an hour's work should not end at a directory that
/// cannot be written.
struct ResultsDirectory {
    private let path: String
    private let name: String

    /// `name`: as the user typed it.
    init(_ path: String, as name: String) {
        self.path = path
        self.name = name
    }

    /// The directory itself, or the nearest above it that exists, must be a directory and writable. What a run of
    /// another kind has left there would stand beside scores that are not its own.
    func check(for output: BatchOutput) throws(Problem) {
        if FileManager.default.fileExists(atPath: "\(path)/\(output.otherTable)") {
            throw Problem(
                .usage, what: "--results \(name) has the \(output.otherTable) of another run",
                why: "the new scores.json beside it would seem to belong to it",
                fix: "name another directory, or move that file away")
        }
        var place = path
        while !FileManager.default.fileExists(atPath: place), place != "/" {
            place = (place as NSString).deletingLastPathComponent
        }
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: place, isDirectory: &isDirectory)
        let why =
            isDirectory.boolValue
            ? (FileManager.default.isWritableFile(atPath: place) ? nil : "\(place) is not writable")
            : "\(place) is a file"
        if let why {
            throw Problem(
                .usage, what: "--results \(name) cannot be written to", why: why, fix: "name a directory of your own")
        }
    }
}
