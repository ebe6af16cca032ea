import ArgumentParser
import ForgeService

/// What predictions are like: of a batch run, and of those that a schedule begins.
struct BatchOutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Input columns to copy into the predictions: a,b, or all.", valueName: "columns"))
    var keep: String?

    @Flag(help: "Write predictions.parquet instead of predictions.csv.")
    var parquet = false

    var output: BatchOutput { BatchOutput(keep: keep, isParquet: parquet) }

    func validate() throws {
        guard let keep, keep.split(separator: ",", omittingEmptySubsequences: false).contains(where: \.isBlank) else {
            return
        }
        throw ValidationError("--keep \(keep): names of columns between commas, such as customer,plan; or all")
    }
}

extension StringProtocol {
    /// Whether nothing can be seen of it.
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
