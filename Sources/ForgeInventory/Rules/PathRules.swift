import ForgeCore
import Foundation

/// Paths on the operator's machine as absolute ones.
struct LocalPath {
    /// What a leading `~` means.
    let home: String
    /// The inventory's directory, absolute: relative paths count from it.
    let directory: String

    init(home: String, inventory: String) {
        self.home = home
        self.directory =
            URL(filePath: inventory).absoluteURL.deletingLastPathComponent().path(percentEncoded: false).droppingSlash
    }

    func absolute(_ text: String) throws(ValidationError) -> String {
        if text == "~" || text.hasPrefix("~/") { return home + text.dropFirst() }
        if text.hasPrefix("~") {
            throw ValidationError("only ~/ is supported: the home directory of the user who runs kubeforge")
        }
        if text.hasPrefix("/") { return text }
        return directory + "/" + (text.hasPrefix("./") ? String(text.dropFirst(2)) : text)
    }

    /// A file that is there and can be read. A pipe would be waited for, by whoever reads it.
    func file(_ text: String) throws(ValidationError) -> String {
        let path = try absolute(text)
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT
                ? ValidationError("there is no file \(path)")
                : ValidationError("\(path) cannot be read", why: String(cString: strerror(errno)), fix: "ls -l \(path)")
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw ValidationError("\(path) is a directory, not a file") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ValidationError("\(path) is a pipe, a socket or a device, not a file")
        }
        if !FileManager.default.isReadableFile(atPath: path) {
            throw ValidationError("\(path) cannot be read", fix: "ls -l \(path)")
        }
        return path
    }
}

extension String {
    fileprivate var droppingSlash: String { last == "/" ? String(dropLast()) : self }
}

/// The directory with the user's own model, as far as its names tell whether something can be served out of it. What
/// the files hold is looked at by the service's own reader, and in the build.
struct ModelDirectory {
    let paths: LocalPath

    /// Absolute, without a slash at its end.
    func path(_ text: String) throws(ValidationError) -> String {
        let path = try paths.absolute(text).trimmingSlashes
        let names = try names(in: path)
        guard names.contains(where: Self.makesModel) else {
            throw ValidationError(
                "\(path) has neither a model file nor a train.py nor a model.py",
                why: Self.content(names),
                fix: "put your trained model into it: \(Self.formats); or a train.py that writes one; "
                    + "`kubeforge init --model FILE` makes such a directory")
        }
        guard names.contains(where: Self.bringsRows) else {
            throw ValidationError(
                "\(path) has no test.csv and no test.parquet",
                why: "example rows teach the service the names and types of its columns, and are what a release is "
                    + "checked with",
                fix: "put some rows that the model was not trained on into \(path)/test.csv, with a header")
        }
        return path
    }

    private func names(in path: String) throws(ValidationError) -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ValidationError("there is no directory \(path)", fix: "`kubeforge init --model FILE` makes one")
        }
        guard isDirectory.boolValue else {
            throw ValidationError(
                "needs the directory that the model is in, with its example rows",
                fix: "`kubeforge init --model \(path.shellQuoted)` makes one from the file")
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw ValidationError("\(path) cannot be read", fix: "ls -ld \(path.shellQuoted)")
        }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    /// What it has instead, in a message.
    private static func content(_ names: [String]) -> String {
        if names.isEmpty { return "it is empty" }
        return "it has " + names.prefix(8).map(\.shown).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }

    private static func makesModel(_ name: String) -> Bool {
        ["train.py", "model.py"].contains(name) || isModelFile(name)
    }

    /// Whether a model may be in a file of this name. Many a JSON or text file is none: the build says so.
    private static func isModelFile(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
        switch name[dot...] {
        case ".joblib", ".pkl", ".pickle", ".skops", ".onnx", ".ubj": return true
        case ".json": return !["metrics.json", "metadata.json", "golden.json"].contains(name)
        case ".txt": return !name.hasPrefix("requirements") && !name.lowercased().hasPrefix("readme")
        default: return false
        }
    }

    private static let formats = ".joblib, .pkl, .skops, .onnx, .ubj or .json (XGBoost), .txt (LightGBM)"

    /// generate_data.py writes them when the image is built.
    private static func bringsRows(_ name: String) -> Bool {
        ["test.csv", "test.parquet", "generate_data.py"].contains(name)
    }
}
