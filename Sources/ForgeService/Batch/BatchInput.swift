import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation

/// Where the rows of a batch run come from.
package enum BatchInput: Sendable, Hashable {
    /// The test data in the image.
    case own
    /// Fetched by the cluster, not by this computer.
    case url(String)
    /// On the operator's machine: an absolute path, its size in bytes, and what it begins as.
    case file(path: String, size: Int, form: RowsFile.Form = .plain)

    /// From what was typed after `--input`: an address, `@` and a file that holds one, or a file with the rows, which
    /// is looked at as far as can be before anything is contacted.
    package init(_ text: String?, absolute: (String) -> String) throws(Problem) {
        guard let text else {
            self = .own
            return
        }
        if text.hasPrefix("@") {
            self = .url(try Self.address(inFile: absolute(String(text.dropFirst())), as: text))
        } else if text.contains("://") {
            self = .url(try Self.checked(text))
        } else {
            let path = absolute(text)
            let file = try RowsFile(path, as: "--input \(text)")
            self = .file(path: path, size: file.size, form: file.form)
        }
    }

    /// The input as a sentence names it.
    package var name: String {
        switch self {
        case .own: "the image's own test data"
        case .url(let url): Self.place(of: url)
        case .file(let path, _, _): (path as NSString).lastPathComponent
        }
    }

    /// An address without what may be a password; that something stood after a ? is shown.
    package static func shown(_ url: String) -> String {
        let place = place(of: url)
        return url.contains("://") && url.contains { $0 == "?" || $0 == "#" } ? place + "?•••" : place
    }

    /// What stands before an @ or after a ? or a # may be a password.
    private static func place(of url: String) -> String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return url }
        let place = url[start...].prefix { $0 != "?" && $0 != "#" }
        let host = place.prefix { $0 != "/" }
        return String(url[..<start]) + String(host.lastIndex(of: "@").map { place[place.index(after: $0)...] } ?? place)
    }

    private static func checked(_ text: String) throws(Problem) -> String {
        guard canBeFetched(text) else {
            throw Problem(
                .usage, what: "--input \(shown(text)) cannot be fetched",
                why: "it is neither an http:// nor an https:// address with a host",
                fix: "name a CSV or Parquet file of this computer, or an address that the cluster's pods reach")
        }
        return text
    }

    private static func canBeFetched(_ text: String) -> Bool {
        let scheme = text.lowercased().hasPrefix("http://") || text.lowercased().hasPrefix("https://")
        let host = URL(string: text)?.host() ?? ""
        return scheme && !host.isEmpty && !text.contains(where: \.isWhitespace)
    }

    /// `name`: as it was typed. Nothing of the file is ever shown.
    private static func address(inFile path: String, as name: String) throws(Problem) -> String {
        let text = String(decoding: try RowsFile.beginning(of: path, as: "--input \(name)"), as: UTF8.self).trimming(
            while: \.isWhitespace)
        guard canBeFetched(text) else {
            throw Problem(
                rows: "--input \(name)",
                """
                the file does not hold one http:// or https:// address with a host, and nothing else
                """,
                "write the address into it; a file with rows is named without the @")
        }
        return text
    }
}

/// The address that pods fetch rows from. It may hold a password, so it is in a Secret, and in no description of a pod
/// and no program's arguments, which every user of a node can read.
enum InputAddress {
    /// The name of the file with it, in the Secret and where that is mounted.
    static let file = "input"

    /// A command that runs a program of the image with the address in this file. Images of every release know `--input`
    /// alone.
    static func command(_ program: String, file: String, _ arguments: [String]) -> [String] {
        ["python", "-c", reader, program, file] + arguments
    }

    private static let reader =
        "import runpy, sys; program, file, *more = sys.argv[1:]; "
            + """
            sys.argv = [program, '--input', open(file).read().strip(), *more]; runpy.run_path(program, \
            run_name='__main__')
            """
}

/// Whether a file of rows has the columns that are to be kept of it: looked at on this computer by the service's own
/// reader, before anything is sent. What it does not know, such as a Parquet file, the cluster looks at.
package struct KeptColumns: Sendable {
    private let reader: LocalPython
    private let name: String

    /// nil where there is nothing to look at here.
    package init?(of input: BatchInput, output: BatchOutput, templates: Templates) throws(Problem) {
        guard let keep = output.keep, case .file(let path, _, let form) = input, form != .parquet else { return nil }
        name = input.name
        reader = try LocalPython.firstLook(["--rows", path, "--keep=\(keep)", "--json"], templates: templates)
    }

    /// Throws in the reader's own words.
    package func check(on transport: any Transport) async throws {
        guard case .refused(let reason) = await reader.ask(transport) else { return }
        throw Problem(
            .usage, what: "\(name) was rejected", why: reason,
            fix: "correct it, or --keep; `--keep all` keeps every column")
    }
}

/// What a coordinator answers where it does not take something.
struct CourierRefusal: Sendable {
    let reason: String

    init(_ body: String) {
        struct Refusal: Decodable { var error: String }
        reason = OutsideJSON.decode(Refusal.self, from: body)?.error ?? body
    }
}

/// What a pod says of rows that the models cannot answer:
/// `input:8, column 2 (# Letter): must be a class from 0 to 25, is '99'`.
enum InputFault {
    /// The words for the input that pods have, who know no names of files here.
    private static var name: Regex<Substring> { /^(?:\/[^\s:]*\/)?input(?:\.csv)?(?=[:, ])/ }

    /// The fault, when this line of a log is one.
    static func fault(in line: String) -> String? { line.firstMatch(of: /^input:\d+[:, ]/) == nil ? nil : line }

    /// The same with the name that the user knows.
    static func named(_ reason: String, in input: BatchInput) -> String {
        guard let found = reason.firstMatch(of: name) else { return reason }
        return input.name + reason[found.range.upperBound...]
    }
}

extension Problem {
    /// The run's rows are no rows for the models.
    init(refused run: BatchRun, _ reason: String, on host: String) {
        let fix =
            switch run.input {
            case .own: "deploy again: the image's own test data cannot be read"
            case .url:
                """
                correct what is there; can the pods reach it? `kubectl -n \(run.service.namespace) get pods -o wide` \
                says where they run
                """
            case .file: "correct the file; its columns must be those of the rows that the models know"
            }
        self.init(
            what: "\(host): \(run.input.name) was rejected", why: InputFault.named(reason, in: run.input), fix: fix)
    }
}
