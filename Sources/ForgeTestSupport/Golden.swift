import Foundation

/// A text that a test has written down: `Tests/MODULE/Golden/NAME`.
package enum Golden {
    /// What the file holds; empty when it is not there. With KUBEFORGE_WRITE_GOLDEN=1 it is written first, for a person
    /// to read and commit.
    package static func text(_ name: String, insteadOf new: String, file: StaticString = #filePath) -> String {
        let path = folder(of: "\(file)").appending(path: name)
        if ProcessInfo.processInfo.environment["KUBEFORGE_WRITE_GOLDEN"] == "1" {
            try? FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try? Data(new.utf8).write(to: path)
        }
        return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    }

    /// Tests lie in folders of their own; the golden files of a module are in one.
    private static func folder(of file: String) -> URL {
        var folder = URL(filePath: file).deletingLastPathComponent()
        while folder.pathComponents.count > 2, folder.deletingLastPathComponent().lastPathComponent != "Tests" {
            folder.deleteLastPathComponent()
        }
        return folder.appending(path: "Golden")
    }
}
