import Foundation
import Testing

/// The sources, by their path below Sources.
func sources() throws -> [(path: String, text: String)] {
    let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized
    let files = try #require(FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { file in
        (
            String(file.path().dropFirst(directory.path().count)).trimmingCharacters(in: ["/"]),
            joined(try String(contentsOf: file, encoding: .utf8))
        )
    }.sorted { $0.path < $1.path }
}

/// A text that is broken over several lines of the source is one line, as it is where it is used: what is sought may be
/// on both sides of the break.
func joined(_ source: String) -> String {
    var lines: [String] = []
    var goesOn = false
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
        let text = goesOn ? lines.removeLast() + line.drop { $0 == " " } : String(line)
        let end = text.hasSuffix("\\#") ? 2 : text.hasSuffix("\\") && !text.hasSuffix("\\\\") ? 1 : 0
        goesOn = end > 0
        lines.append(String(text.dropLast(end)))
    }
    return lines.joined(separator: "\n")
}

/// Modules whose input is not from outside: they run when kubeforge is built or tested.
let inside = ["EmbedTemplates/", "EmbedTemplatesPlugin/", "EmbedVersionPlugin/", "ForgeTestSupport/"]
