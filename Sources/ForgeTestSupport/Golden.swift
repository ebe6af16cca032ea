import Foundation

/// A text that a test has written down: `Golden/NAME` beside the test's file.
package enum Golden {
    /// What the file holds; empty when it is not there. With KUBEFORGE_WRITE_GOLDEN=1 it is written first, for a person to read and commit.
    package static func text(_ name: String, insteadOf new: String, file: StaticString = #filePath) -> String {
        let path = URL(filePath: "\(file)").deletingLastPathComponent().appending(path: "Golden/\(name)")
        if ProcessInfo.processInfo.environment["KUBEFORGE_WRITE_GOLDEN"] == "1" {
            try? FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try? Data(new.utf8).write(to: path)
        }
        return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    }
}
