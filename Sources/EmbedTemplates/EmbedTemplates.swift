import Foundation

/// `EmbedTemplates TEMPLATES STANDINS OUTPUT`: one Swift dictionary, path below TEMPLATES → text. The programs below
/// STANDINS are in it as files that the lab builds from: NAME/main.go is lab/build/NAME.go.
///
/// String literals and not byte arrays: a byte array of 256 KB takes the compiler minutes, a literal no time at all.
@main
struct EmbedTemplates {
    static func main() throws {
        let arguments = CommandLine.arguments
        let templates = URL(filePath: arguments[1], directoryHint: .isDirectory).standardizedFileURL
        let standIns = URL(filePath: arguments[2], directoryHint: .isDirectory).standardizedFileURL
        let texts =
            try paths(below: templates).map { ($0, try text($0, below: templates)) }
            + paths(below: standIns).filter { $0.hasSuffix("/main.go") }.map {
                ("lab/build/\($0.dropLast("/main.go".count)).go", try text($0, below: standIns))
            }
        let entries = texts.map { path, text in "    \"\(path)\": \(literal(text))," }
        let source = """
            // Generated from templates/ and Sources/LabStandIns/ by EmbedTemplates; never edited.
            let embeddedTemplates: [String: String] = [
            \(entries.joined(separator: "\n"))
            ]

            """
        try source.write(toFile: arguments[3], atomically: true, encoding: .utf8)
    }

    private static func text(_ path: String, below directory: URL) throws -> String {
        try String(contentsOf: directory.appending(path: path), encoding: .utf8)
    }

    private static func paths(below directory: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path())
            .filter { path in
                let values = try directory.appending(path: path).resourceValues(forKeys: [.isRegularFileKey])
                return values.isRegularFile == true && !path.contains("__pycache__")
            }
            .sorted()
    }

    /// A raw literal; the text begins and ends on the lines between the quotes, so nothing in it needs an escape.
    private static func literal(_ text: String) -> String {
        "####\"\"\"\n\(text)\n\"\"\"####"
    }
}
