import Foundation
import Testing

/// The architecture as a table; SwiftPM lets an undeclared import compile, so a test holds it.
private let mayImport: [String: Set<String>] = [
    "ForgeCore": ["CLibCrypto", "Glibc"],
    "ForgeInventory": ["ForgeCore", "Yams", "Foundation"],
    "ForgePlan": ["ForgeCore", "Synchronization"],
    "ForgeTemplates": ["ForgeCore", "Foundation"],
    "ForgeSSH": ["ForgeCore", "CLibSSH", "Dispatch", "Synchronization", "Glibc"],
    "ForgeKubernetes": [
        "ForgeCore", "ForgePlan", "ForgeInventory", "ForgeTemplates", "Synchronization", "Yams", "Foundation",
    ],
    "ForgeService": ["ForgeCore", "ForgePlan", "ForgeInventory", "ForgeTemplates", "Synchronization", "Foundation"],
    "ForgeLab": [
        "ForgeCore", "ForgeInventory", "ForgeTemplates", "Subprocess", "Foundation", "Synchronization", "Glibc",
    ],
    "ForgeCLI": [
        "ForgeCore", "ForgeInventory", "ForgePlan", "ForgeTemplates", "ForgeSSH", "ForgeKubernetes", "ForgeService",
        "ForgeLab",
        "ArgumentParser", "Logging", "Foundation", "Dispatch", "Synchronization", "Glibc",
    ],
    "kubeforge": ["ForgeCLI", "Glibc"],
]

@Suite("The layers")
struct LayersTests {
    @Test("import only downward", arguments: mayImport.keys.sorted())
    func importOnlyDownward(module: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(module)")
            .standardized
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var seen = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            seen += 1
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                guard let name = imported(String(line)) else { continue }
                #expect(mayImport[module]!.contains(name), "\(module)/\(file.lastPathComponent) imports \(name)")
            }
        }
        #expect(seen > 0, "\(module) has no files")
    }

    private func imported(_ line: String) -> String? {
        line.firstMatch(
            of: /^(?:(?:internal|package|public|private|@preconcurrency) )*import (?:struct |class |enum |func )?(\w+)/
        )
        .map { String($0.1) }
    }
}
