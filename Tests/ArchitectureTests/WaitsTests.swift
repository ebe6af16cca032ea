import Foundation
import Testing

/// What opens a file of this computer by itself. A pipe of that name would be waited for, by a thread that nobody can
/// stop; LocalFile waits for nothing.
private let mayOpen: [String: String] = [
    "ForgeCLI/Commands/Batch/BatchRunCommand.swift": "what this run downloaded",
    "ForgeCLI/Local/InventoryChoice.swift": "what an earlier run remembered",
    "ForgeCLI/Run/LocalProcesses.swift": "what the kernel says",
    "ForgeCLI/Run/RunLock.swift": "the lock of this user's runs, which LocalFile opened before",
    "ForgeCore/LocalFile.swift": "with O_NONBLOCK",
    "ForgeCore/WholeFile.swift": "what was written a moment ago",
    "ForgeInventory/Parsing/InventoryFile.swift": "an inventory may come out of a pipe: `kubeforge plan <(…)`",
    "ForgeService/Batch/ResultsAreDownloaded.swift": "what was downloaded a moment ago",
]

@Suite("Waits of steps")
struct WaitsTests {
    /// What runs beside the steps, or before there are any, waits in its own way.
    private static let others: Set = ["Machine.swift", "ClusterLease.swift"]

    @Test(
        "end with the first Ctrl-C: each pauses by Machine.pause",
        arguments: ["ForgePlan", "ForgeKubernetes", "ForgeService"])
    func pause(module: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(module)")
            .standardized
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        for case let file as URL in files
        where file.pathExtension == "swift" && !Self.others.contains(file.lastPathComponent) {
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(!text.contains("Task.sleep"), "\(module)/\(file.lastPathComponent) waits without Machine.pause")
        }
    }

    @Test("are none for files of this computer: each is opened by LocalFile")
    func opens() throws {
        let ways =
            /\bcontentsOf: (URL|file)|\bcontentsOfFile|\bcontents\(atPath|FileHandle\(for|\bfopen\(|(^|[^.\w])(Glibc\.)?open\([^)]*O_[^)]*\)/
        let harmless = ["O_EXCL", "O_DIRECTORY", "O_NONBLOCK"]
        var found: Set<String> = []
        // The lab is root's, and its files are its own.
        for (path, text) in try sources() where !(inside + ["ForgeLab/"]).contains(where: path.hasPrefix) {
            let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            let lines = code.filter { line in line.contains(ways) && !harmless.contains(where: line.contains) }
            if lines.isEmpty { continue }
            found.insert(path)
            #expect(
                mayOpen[path] != nil, "\(path): \(lines.joined(separator: " | ")): use LocalFile, or give the reason here")
        }
        for path in mayOpen.keys { #expect(found.contains(path), "\(path) opens no file any more") }
    }
}
