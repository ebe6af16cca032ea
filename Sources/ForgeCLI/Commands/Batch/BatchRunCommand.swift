import ArgumentParser
import ForgeCore
import ForgeService
import Foundation

struct BatchRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Predict every row of a CSV file in the cluster and download the results.")

    @Argument(help: inventoryHelp)
    var inventory: String?

    @Option(
        help: ArgumentHelp(
            "Input rows: a local CSV file, an http(s) URL that the cluster can reach, or @FILE with such a URL. Default: the image's own test data.",
            valueName: "file|url|@file"))
    var input: String?

    @Option(help: ArgumentHelp("Split the rows into this many parts that are answered at once.", valueName: "n"))
    var shards = 1

    @Option(
        help: ArgumentHelp(
            "Directory for predictions.csv and scores.json. Default: a new directory, results/RUN.", valueName: "dir"))
    var results: String?

    @Flag(help: "Show what the pods print while they work.")
    var follow = false

    @OptionGroup var options: SharedOptions

    func validate() throws {
        if !(1...100).contains(shards) { throw ValidationError("--shards \(shards): from 1 to 100") }
    }

    func run() async throws {
        let assembly = Assembly()
        let surroundings = assembly.surroundings
        let time = Timestamp(surroundings.now()).text
        let rows = try BatchInput(input, absolute: surroundings.absolute)
        if let results { try ResultsFolder(surroundings.absolute(results), as: results).check() }
        let order = BatchOrder(
            input: rows, typedInput: input, shards: shards, isFollowed: follow, time: time, results: results,
            here: surroundings)
        try await assembly.run(.batchRun(order), inventory: inventory, options)
    }
}

/// The time of a run as a part of names: `20261121-151732`, in UTC.
struct Timestamp {
    let text: String

    init(_ date: Date) {
        let style = Date.VerbatimFormatStyle(
            format:
                "\(year: .defaultDigits)\(month: .twoDigits)\(day: .twoDigits)-\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\(minute: .twoDigits)\(second: .twoDigits)",
            timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        text = date.formatted(style)
    }
}

/// A folder for results, looked at before anything is contacted: an hour's work should not end at a folder that cannot
/// be written.
struct ResultsFolder {
    private let path: String
    private let name: String

    /// `name`: as the user typed it.
    init(_ path: String, as name: String) {
        self.path = path
        self.name = name
    }

    /// The folder itself, or the next above it that there is, must be one and take files.
    func check() throws(Problem) {
        var place = path
        while !FileManager.default.fileExists(atPath: place), place != "/" {
            place = (place as NSString).deletingLastPathComponent
        }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
        let why =
            isFolder.boolValue
            ? (FileManager.default.isWritableFile(atPath: place) ? nil : "\(place) is not writable")
            : "\(place) is a file"
        if let why {
            throw Problem(
                .usage, what: "--results \(name) cannot be written to", why: why, fix: "name a folder of your own")
        }
    }
}
