import ForgeCore
import Foundation

/// A model directory that is made of a trained model and example rows, or one that is there already and gets its rows.
package struct NewModelDirectory: Sendable {
    /// Absolute, without a slash at its end.
    package let path: String
    /// What is copied into it: the name in the directory, and the absolute path that it comes from.
    package let files: [(name: String, source: String)]
    private let isThere: Bool

    /// What was typed.
    package struct Order: Sendable {
        /// The model as sentences name it.
        package var model: String
        package var rows: String?
        package var output: String?
        /// The name of the model in answers; nil for that of its file.
        package var name: String?

        package init(model: String, rows: String? = nil, output: String? = nil, name: String? = nil) {
            self.model = model
            self.rows = rows
            self.output = output
            self.name = name
        }
    }

    /// Looks at what was named; nothing is written. `absolute` makes paths of what was typed.
    package init(_ order: Order, absolute: (String) -> String) throws(Problem) {
        let model = absolute(order.model)
        let rows = try order.rows.map { rows throws(Problem) in try Self.rows(absolute(rows), as: rows) }
        if try Self.isDirectory(model, as: order.model) {
            try self.init(directory: model, order, rows, absolute)
        } else {
            try self.init(file: model, order, rows, absolute)
        }
    }

    private init(
        file: String, _ order: Order, _ rows: (name: String, source: String)?, _ absolute: (String) -> String
    ) throws(Problem) {
        let (stem, type) = Self.split((file as NSString).lastPathComponent)
        let name = order.name ?? stem
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_.-]{0,62}/) != nil else {
            throw Problem(
                .usage, what: "\(name) cannot be the name of a model",
                why: "a name has letters and digits, and _ . - inside",
                fix: "choose another name: --name churn")
        }
        guard let rows else {
            throw Problem(
                .usage, what: "--model \(order.model) needs example rows",
                why: "they teach the service the names and types of its columns, and a release is checked with them",
                fix: "name a file of rows that the model was not trained on: --data test.csv")
        }
        path = absolute(order.output ?? name).droppingSlash
        isThere = false
        files = [(name + type, file), rows]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard !FileManager.default.fileExists(atPath: path) || Self.isEmptyDirectory(path, names) else {
            throw Problem(
                .usage, what: "\(order.output ?? name) exists already, and nothing in it is overwritten",
                fix: "choose another directory: --directory DIR; or use this one: `kubeforge init --model "
                    + "\((order.output ?? name).shellQuoted)`")
        }
    }

    private init(
        directory: String, _ order: Order, _ rows: (name: String, source: String)?, _ absolute: (String) -> String
    ) throws(Problem) {
        path = directory.droppingSlash
        isThere = true
        files = rows.map { [$0] } ?? []
        if order.name != nil || order.output != nil {
            throw Problem(
                .usage,
                what: "--name and --directory are for the file of a model, and --model \(order.model) is a directory",
                fix: "leave them out: a directory is taken where it is, and its files' names are the models'")
        }
        let there = ["test.csv", "test.parquet"].first { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
        if let there, rows != nil {
            throw Problem(
                .usage, what: "\(order.model) has a \(there) already, and it is not overwritten",
                fix: "leave out --data, or move that file away")
        }
    }

    private static func isDirectory(_ path: String, as name: String) throws(Problem) -> Bool {
        do throws(LocalFile.Failure) {
            let descriptor = try LocalFile.open(path, O_RDONLY)
            defer { close(descriptor) }
            var status = stat()
            return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        } catch {
            throw Problem(
                .usage, what: "--model \(name) cannot be used", why: error.reason,
                fix: "name the file of a trained model, or a directory with one")
        }
    }

    /// Under the name that the service looks for; a Parquet file says so in its first bytes.
    private static func rows(_ path: String, as name: String) throws(Problem) -> (name: String, source: String) {
        do throws(LocalFile.Failure) {
            let descriptor = try LocalFile.open(path, O_RDONLY)
            defer { close(descriptor) }
            let isParquet = try LocalFile.read(descriptor, upTo: 4) == Array("PAR1".utf8)
            return (isParquet ? "test.parquet" : "test.csv", path)
        } catch {
            throw Problem(
                .usage, what: "--data \(name) cannot be used", why: error.reason, fix: "name a CSV or Parquet file")
        }
    }

    private static func isEmptyDirectory(_ path: String, _ names: [String]) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
            && names.isEmpty
    }

    /// `churn.v2.joblib` is `churn.v2` and `.joblib`.
    private static func split(_ name: String) -> (stem: String, type: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, "") }
        return (String(name[..<dot]), String(name[dot...]))
    }
}

extension NewModelDirectory {
    /// Runs the work on a directory that looks as this one will, of links, so that what cannot be served leaves
    /// nothing behind.
    package func preview<Result>(_ work: (String) async throws -> Result) async throws -> Result {
        if files.isEmpty { return try await work(path) }
        let manager = FileManager.default
        let place = manager.temporaryDirectory.appending(path: "kubeforge-\(UUID())").path(percentEncoded: false)
        try manager.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: place) }
        for name in isThere ? (try? manager.contentsOfDirectory(atPath: path)) ?? [] : [] {
            try manager.createSymbolicLink(atPath: "\(place)/\(name)", withDestinationPath: "\(path)/\(name)")
        }
        for file in files {
            try manager.createSymbolicLink(atPath: "\(place)/\(file.name)", withDestinationPath: file.source)
        }
        return try await work(place)
    }

    /// What the reader said of the preview, with the names of the files themselves.
    package func named(_ text: String, in place: String) -> String {
        files.reduce(text) { $0.replacing("\(place)/\($1.name)", with: $1.source) }.replacing(place, with: path)
    }

    /// Copies what is not there; who may not read a file may not read its copy either.
    package func write() throws(Problem) {
        do {
            if !files.isEmpty { try LocalFile.makeDirectory(path) }
            for file in files {
                let target = "\(path)/\(file.name)"
                let content = try LocalFile.read(file.source, atMost: .max)
                let mode = WholeFile.usualMode(target) & content.status.st_mode
                try WholeFile.write(content.bytes, to: target, mode: mode, owner: WholeFile.newOwner(target))
            }
        } catch {
            let why = (error as? LocalFile.Failure)?.reason ?? (error as? WholeFile.Failure)?.reason ?? "\(error)"
            throw Problem(what: "\(path) cannot be written", why: why, fix: "name another place: --directory DIR")
        }
    }
}

extension String {
    fileprivate var droppingSlash: String { count > 1 && last == "/" ? String(dropLast()) : self }
}
