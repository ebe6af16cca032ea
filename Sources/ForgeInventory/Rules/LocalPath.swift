import Foundation

/// Paths on the operator's machine as absolute ones.
struct LocalPath {
    /// What a leading `~` means.
    let home: String
    /// The inventory's folder, absolute: relative paths count from it.
    let folder: String

    init(home: String, inventory: String) {
        self.home = home
        self.folder =
            URL(filePath: inventory).absoluteURL.deletingLastPathComponent().path(percentEncoded: false).droppingSlash
    }

    func absolute(_ text: String) throws(ValidationError) -> String {
        if text == "~" || text.hasPrefix("~/") { return home + text.dropFirst() }
        if text.hasPrefix("~") { throw ValidationError("only ~/ is known, the home folder of who runs kubeforge") }
        if text.hasPrefix("/") { return text }
        return folder + "/" + (text.hasPrefix("./") ? String(text.dropFirst(2)) : text)
    }

    /// A file that is there and can be read. A pipe would be waited for, by whoever reads it.
    func file(_ text: String) throws(ValidationError) -> String {
        let path = try absolute(text)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ValidationError("there is no file \(path)")
        }
        if isFolder.boolValue { throw ValidationError("\(path) is a folder, not a file") }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
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
