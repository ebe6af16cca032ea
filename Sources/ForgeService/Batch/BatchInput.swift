import ForgeCore
import Foundation

/// Where the rows of a batch run come from.
package enum BatchInput: Sendable, Hashable {
    /// The test data in the image.
    case own
    /// Fetched by the cluster, not by this computer.
    case url(String)
    /// On the operator's machine, an absolute path, and its size in bytes.
    case file(path: String, size: Int)

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
            self = .file(path: path, size: try CSVFile(path, as: text).size)
        }
    }

    /// As a sentence names it.
    package var name: String {
        switch self {
        case .own: "the image's own test data"
        case .url(let url): Self.place(of: url)
        case .file(let path, _): (path as NSString).lastPathComponent
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
                fix: "name a CSV file of this computer, or an address that the cluster's pods reach")
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
        let text = String(decoding: try CSVFile.beginning(of: path, as: name), as: UTF8.self).trimming(
            while: \.isWhitespace)
        guard canBeFetched(text) else {
            throw Problem(
                input: name, "the file does not hold one http:// or https:// address with a host, and nothing else",
                "write the address into it; a file with rows is named without the @")
        }
        return text
    }
}

/// A file of rows on the operator's machine, looked at from outside: the cluster reads it, and knows its columns.
struct CSVFile {
    let size: Int

    /// `name`: as the user typed it.
    init(_ path: String, as name: String) throws(Problem) {
        let isFolder = (try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
        guard !isFolder else { throw Problem(input: name, "it is a folder", "name the CSV file in it") }
        let beginning = try Self.beginning(of: path, as: name)
        guard !beginning.isEmpty else {
            throw Problem(input: name, "it is empty", "its first line names the columns, those of the example rows")
        }
        size = ((try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int) ?? beginning.count
    }

    /// At most 4,096 bytes.
    fileprivate static func beginning(of path: String, as name: String) throws(Problem) -> [UInt8] {
        do throws(LocalFile.Failure) {
            let file = try LocalFile.open(path, O_RDONLY)
            defer { close(file) }
            return try LocalFile.read(file, upTo: 4096)
        } catch {
            let (why, fix) =
                switch error.code {
                case ENOENT, ENOTDIR:
                    ("there is no such file", "name a CSV file of this computer, or an http(s) address")
                case EACCES: ("this user may not read it", "make it readable: chmod u+r \(path.shellQuoted)")
                // It is read more than once: what a pipe gives is gone then.
                case nil: (error.reason, "write what it gives into a file, and name that")
                default: (error.reason, "ls -l \(path.shellQuoted)")
                }
            throw Problem(input: name, why, fix)
        }
    }
}

extension Problem {
    fileprivate init(input name: String, _ why: String, _ fix: String) {
        self.init(.usage, what: "--input \(name) cannot be used", why: why, fix: fix)
    }
}
