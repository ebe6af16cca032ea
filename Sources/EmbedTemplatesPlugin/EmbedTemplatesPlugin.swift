import Foundation
import PackagePlugin

/// Writes every file below `templates/` and the stand-ins of the lab into one Swift source, so that an installed binary
/// needs no checkout.
@main
struct EmbedTemplatesPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let templates = context.package.directoryURL.appending(path: "templates")
        let standIns = context.package.directoryURL.appending(path: "Sources/LabStandIns")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedTemplates.swift")
        return [
            .buildCommand(
                displayName: "Embedding templates",
                executable: try context.tool(named: "EmbedTemplates").url,
                arguments: [templates.path(), standIns.path(), output.path()],
                inputFiles: files(below: templates) + files(below: standIns),
                outputFiles: [output])
        ]
    }

    private func files(below directory: URL) -> [URL] {
        let walk = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: [.isRegularFileKey])
        let all = walk?.compactMap { $0 as? URL } ?? []
        return all.filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true }
    }
}
