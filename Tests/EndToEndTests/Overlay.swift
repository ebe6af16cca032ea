import Foundation

/// One change to one of the program's templates: another release.
struct Overlay: Sendable {
    let file: String
    /// What stands there, and what comes in its place.
    let change: (String, String)

    /// Another release, which behaves as the one before.
    static func comment(_ text: String) -> Overlay {
        Overlay(file: "service/api.py", change: ("def create_app(", "# \(text)\ndef create_app("))
    }

    /// Makes a folder for `--templates` that holds the changed file and nothing else.
    func make(in folder: URL) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../templates/\(file)").standardized
        let text = try String(contentsOf: source, encoding: .utf8)
        guard text.contains(change.0) else { throw Missing(text: change.0, file: file) }
        let place = folder.appending(path: "overlay-\(UUID().uuidString)")
        let target = place.appending(path: file)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.replacing(change.0, with: change.1).write(to: target, atomically: true, encoding: .utf8)
        return place.path()
    }

    struct Missing: Error {
        let text: String
        let file: String
    }
}
