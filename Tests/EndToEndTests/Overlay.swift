import Foundation

/// A change to one of the program's templates: another release.
struct Overlay: Sendable {
    let file: String
    /// What stands there, and what comes in its place.
    let change: (String, String)
    /// A second one, in the same file.
    var andChange: (String, String)?

    /// Another release, which behaves as the one before.
    static func comment(_ text: String) -> Overlay {
        Overlay(file: "service/api.py", change: ("def create_app(", "# \(text)\ndef create_app("))
    }

    /// Makes a folder for `--templates` that holds the changed file and nothing else.
    func make(in folder: URL) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../templates/\(file)")
            .standardized
        let text = try String(contentsOf: source, encoding: .utf8)
        let changes = [change] + (andChange.map { [$0] } ?? [])
        for (old, _) in changes where !text.contains(old) { throw Missing(text: old, file: file) }
        let place = folder.appending(path: "overlay-\(UUID().uuidString)")
        let target = place.appending(path: file)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        let changed = changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
        try changed.write(to: target, atomically: true, encoding: .utf8)
        return place.path()
    }

    struct Missing: Error {
        let text: String
        let file: String
    }
}
