import Foundation
import Testing

/// A file below Golden/: what was recorded, or what must come out.
struct Golden {
    let path: String

    init(_ path: String) {
        self.path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(path)").path()
    }

    var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    /// With KUBEFORGE_WRITE_GOLDEN=1, what came out becomes what must come out.
    func expect(_ got: String, _ location: SourceLocation = #_sourceLocation) throws {
        if ProcessInfo.processInfo.environment["KUBEFORGE_WRITE_GOLDEN"] == "1" {
            let directory = URL(filePath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try got.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(got == text, "\(path) says otherwise", sourceLocation: location)
    }
}
