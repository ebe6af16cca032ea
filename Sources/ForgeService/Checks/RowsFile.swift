import ForgeCore
import Foundation

/// A file of rows on the operator's machine, looked at from outside, before anything is contacted: what reads it knows
/// its columns.
package struct RowsFile: Sendable, Hashable {
    /// The size in bytes.
    let size: Int
    let form: Form

    /// What its bytes are.
    package enum Form: Sendable, Hashable {
        /// Text, as far as its beginning tells.
        case plain
        case gzip
        case parquet
    }

    /// `name`: as sentences name it, with the option that it was typed after.
    init(_ path: String, as name: String) throws(Problem) {
        let isDirectory = (try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
        guard !isDirectory else { throw Problem(rows: name, "it is a directory", "name the file in it") }
        let beginning = try Self.beginning(of: path, as: name)
        guard !beginning.isEmpty else {
            throw Problem(rows: name, "it is empty", "its first line names the columns, those of the example rows")
        }
        size = ((try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int) ?? beginning.count
        form =
            beginning.starts(with: Self.parquet) ? .parquet : beginning.starts(with: [0x1F, 0x8B]) ? .gzip : .plain
        try check(path, name)
    }

    /// Pods fetch rows, this computer does not.
    private static func orAddress(_ name: String) -> String {
        name.hasPrefix("--input ") ? ", or an http(s) address" : ""
    }

    /// A Parquet file begins and ends with these bytes.
    private static let parquet = Array("PAR1".utf8)

    private func check(_ path: String, _ name: String) throws(Problem) {
        let isNamed = path.lowercased().hasSuffix(".parquet")
        if isNamed, form != .parquet {
            throw Problem(
                rows: name, "its name ends in .parquet, and it is no Parquet file",
                "give it the name of what it is, such as .csv, or write it again")
        }
        if form == .parquet, try Self.end(of: path, as: name) != Self.parquet {
            throw Problem(rows: name, "it is a Parquet file that is cut off", "copy or write it again")
        }
    }

    /// The last four bytes; none where they are among the first four.
    private static func end(of path: String, as name: String) throws(Problem) -> [UInt8] {
        try looked(at: path, as: name) { file throws(LocalFile.Failure) in
            guard lseek(file, -4, SEEK_END) >= 4 else { return [] }
            return try LocalFile.read(file, upTo: 4)
        }
    }

    /// The beginning, of at most 4,096 bytes.
    static func beginning(of path: String, as name: String) throws(Problem) -> [UInt8] {
        try looked(at: path, as: name) { file throws(LocalFile.Failure) in try LocalFile.read(file, upTo: 4096) }
    }

    private static func looked(
        at path: String, as name: String, _ look: (CInt) throws(LocalFile.Failure) -> [UInt8]
    ) throws(Problem) -> [UInt8] {
        do throws(LocalFile.Failure) {
            let file = try LocalFile.open(path, O_RDONLY)
            defer { close(file) }
            return try look(file)
        } catch {
            let (why, fix) =
                switch error.code {
                case ENOENT, ENOTDIR:
                    ("there is no such file", "name a CSV or Parquet file of this computer\(Self.orAddress(name))")
                case EACCES: ("this user may not read it", "make it readable: chmod u+r \(path.shellQuoted)")
                // It is read more than once: what a pipe gives is gone then.
                case nil: (error.reason, "save its output to a file, and name that file")
                default: (error.reason, "ls -l \(path.shellQuoted)")
                }
            throw Problem(rows: name, why, fix)
        }
    }
}

extension Problem {
    /// A file of rows that cannot be used, as it was typed.
    init(rows name: String, _ why: String, _ fix: String) {
        self.init(.usage, what: "\(name) cannot be used", why: why, fix: fix)
    }
}
