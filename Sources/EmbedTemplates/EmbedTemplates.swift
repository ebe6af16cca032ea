import Foundation

/// `EmbedTemplates FOLDER OUTPUT`: one Swift dictionary, path below FOLDER → text.
///
/// String literals and not byte arrays: a byte array of 256 KB takes the compiler minutes, a literal no time at all.
@main
struct EmbedTemplates {
    static func main() throws {
        let folder = URL(filePath: CommandLine.arguments[1], directoryHint: .isDirectory).standardizedFileURL
        let entries = try paths(below: folder).map { path in
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            return "    \"\(path)\": \(literal(text)),"
        }
        let source = """
            // Generated from templates/ by EmbedTemplates; never edited.
            let embeddedTemplates: [String: String] = [
            \(entries.joined(separator: "\n"))
            ]

            """
        try source.write(toFile: CommandLine.arguments[2], atomically: true, encoding: .utf8)
    }

    private static func paths(below folder: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path())
            .filter { path in
                let values = try folder.appending(path: path).resourceValues(forKeys: [.isRegularFileKey])
                return values.isRegularFile == true && !path.contains("__pycache__")
            }
            .sorted()
    }

    /// A raw literal; the text begins and ends on the lines between the quotes, so nothing in it needs an escape.
    private static func literal(_ text: String) -> String {
        "####\"\"\"\n\(text)\n\"\"\"####"
    }
}
