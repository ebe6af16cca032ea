import ForgeCore
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

    /// As a sentence names it.
    package var name: String {
        switch self {
        case .own: "the image's own test data"
        case .url(let url): Self.place(of: url)
        case .file(let path, _, _): (path as NSString).lastPathComponent
        }
    }

    /// An address without what may be a password; that something stood behind a ? is shown.
    package static func shown(_ url: String) -> String {
        let place = place(of: url)
        return url.contains("://") && url.contains { $0 == "?" || $0 == "#" } ? place + "?•••" : place
    }

    /// What stands before an @ or behind a ? or a # may be a password.
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
