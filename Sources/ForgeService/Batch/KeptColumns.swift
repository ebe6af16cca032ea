import ForgeCore
import ForgeTemplates

/// Whether a file of rows has the columns that are to be kept of it: looked at on this computer by the service's own
/// reader, before anything is sent. What it does not know, such as a Parquet file, the cluster looks at.
package struct KeptColumns: Sendable {
    private let reader: LocalPython
    private let name: String

    /// nil where there is nothing to look at here.
    package init?(of input: BatchInput, output: BatchOutput, templates: Templates) throws(Problem) {
        guard let keep = output.keep, case .file(let path, _, let form) = input, form != .parquet else { return nil }
        name = input.name
        reader = try LocalPython(
            "table", modules: [], arguments: ["--rows", path, "--keep=\(keep)", "--json"], templates: templates)
    }

    /// Throws in the reader's own words.
    package func check(on transport: any Transport) async throws {
        guard case .refused(let reason) = await reader.ask(transport) else { return }
        throw Problem(
            .usage, what: "\(name) is not taken", why: reason,
            fix: "correct it, or --keep; `--keep all` keeps every column")
    }
}
