import Foundation
import PackagePlugin

/// Writes what `.ci/version` says into one Swift source.
///
/// It asks when there is another commit, or a file that the program is made of has changed, and writes only where the
/// answer differs: a build without a new version compiles nothing again. A new tag alone is not seen; `make dist` asks
/// in any case. (A prebuild command would not do: SwiftPM runs it only when it plans the build again.)
@main
struct EmbedVersionPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL
        let script = root.appending(path: ".ci/version")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedVersion.swift")
        let sources = ["Sources", "templates"].flatMap { files(below: root.appending(path: $0)) }
        return [
            .buildCommand(
                displayName: "Embedding the version", executable: URL(filePath: "/bin/sh"),
                arguments: [
                    "-c", Self.write, "sh", script.path(percentEncoded: false), output.path(percentEncoded: false),
                ],
                inputFiles: [script, root.appending(path: "Package.swift")] + sources + repository(of: root),
                outputFiles: [output])
        ]
    }

    private static let write = """
        text=$(printf '// Generated from git by EmbedVersionPlugin; never edited.\\nlet embeddedVersion = "%s"' "$(sh \
        "$1")")
        [ "$(cat "$2" 2>/dev/null)" = "$text" ] || printf '%s\\n' "$text" > "$2"
        """

    /// What Python leaves beside its files comes and goes.
    private func files(below directory: URL) -> [URL] {
        let walk = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: [.isRegularFileKey])
        return (walk?.compactMap { $0 as? URL } ?? []).filter {
            (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
                && !$0.path().contains("__pycache__")
        }
    }

    /// What a commit and a checkout change. `.git` is a file in a work tree beside its repository.
    private func repository(of root: URL) -> [URL] {
        let dot = root.appending(path: ".git")
        let link = (try? String(contentsOf: dot, encoding: .utf8))?.trimmingCharacters(in: .newlines)
        let path = link?.hasPrefix("gitdir: ") == true ? link?.dropFirst("gitdir: ".count) : nil
        let directory = path.map { URL(filePath: String($0), relativeTo: root) } ?? dot
        return ["HEAD", "index", "logs/HEAD"].map { directory.appending(path: $0).standardizedFileURL }
            .filter { FileManager.default.fileExists(atPath: $0.path(percentEncoded: false)) }
    }
}
