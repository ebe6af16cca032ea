import Foundation
import Testing

/// What the formatter does not look at.
@Suite("The format of the sources")
struct FormatTests {
    @Test("breaks every line at 120 columns, texts included", arguments: ["Sources", "Tests"])
    func columns(directory: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(directory)")
            .standardized
        let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
        #expect(files.count > 100)
        for file in files {
            let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where line.count > 120 {
                Issue.record("\(directory)/\(file):\(number + 1) has \(line.count) columns")
            }
        }
    }
}
