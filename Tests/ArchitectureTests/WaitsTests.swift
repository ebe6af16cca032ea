import Foundation
import Testing

/// What opens a file of this computer by itself. A pipe of that name would be waited for, by a thread that nobody can
/// stop; LocalFile waits for nothing.
private let mayOpen: [String: String] = [
    "ForgeCLI/Commands/Batch/BatchRunCommand.swift": "what this run downloaded",
    "ForgeCLI/Local/InventoryChoice.swift": "what an earlier run remembered",
    "ForgeCLI/Run/RunLock.swift": "the lock of this user's runs, which LocalFile opened before; what the kernel says",
    "ForgeCore/LocalFile.swift": "with O_NONBLOCK",
    "ForgeCore/WholeFile.swift": "what was written a moment ago",
    "ForgeService/Batch/ResultsAreDownloaded.swift": "what was downloaded a moment ago",
]

/// Waits within one command on a host, which the first Ctrl-C does not end: how many lines of the file have one, and
/// why they are there, and not in Swift, where Machine.pause is.
private let mayWait: [String: (count: Int, why: String)] = [
    "Sources/ForgeCore/MachineLock.swift": (1, "turns of a second, five at most"),
    "Sources/ForgeKubernetes/Kubeadm/Certificates.swift": (
        3, "once it has begun, the control plane must be brought back; and a command that a person types"
    ),
    "Sources/ForgeKubernetes/Kubeadm/ControlPlane.swift": (2, "a minute at most, for what was just started"),
    "Sources/ForgePlan/Steps/Unit.swift": (1, "a second at most: times of files have no smaller part"),
    "Sources/ForgeService/Checks/LoadScript.swift": (3, "the load lasts as long as was asked for"),
    "Sources/ForgeService/Operations/ServiceLogs.swift": (1, "whoever follows logs ends it with the first Ctrl-C"),
    "Sources/ForgeService/Registry/ImageIsPushed.swift": (1, "while another run removes images of the registry"),
    "templates/kubernetes/base/deployment.yaml": (1, "of a pod that drains"),
]

@Suite("Waits of steps")
struct WaitsTests {
    /// What runs beside the steps, or before there are any, waits in its own way.
    private static let others: Set = ["Machine.swift", "ClusterLease.swift"]

    @Test(
        "end with the first Ctrl-C: each pauses by Machine.pause",
        arguments: ["ForgePlan", "ForgeKubernetes", "ForgeService"])
    func pause(module: String) throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(module)")
            .standardized
        let files = try #require(FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
        for case let file as URL in files
        where file.pathExtension == "swift" && !Self.others.contains(file.lastPathComponent) {
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(!text.contains("Task.sleep"), "\(module)/\(file.lastPathComponent) waits without Machine.pause")
        }
    }

    @Test("are in no script but those listed, with the reason")
    func scripts() throws {
        // `flock` with -n does not wait.
        let waits =
            /\bseq [0-9$]|\bsleep [0-9"$]|--wait( |"|$)|\bflock (?!-n)-|\bwait --for|\brollout status|\btail -[fF]\b/
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        var found: [String: [String]] = [:]
        for directory in ["ForgeCore", "ForgePlan", "ForgeKubernetes", "ForgeService"].map({ "Sources/\($0)" }) + [
            "templates"
        ] {
            for path in try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: directory).path) {
                let file = "\(directory)/\(path)"
                // The lab's machines are nobody's but the lab's; in Python a wait is a thread's.
                guard !file.hasPrefix("templates/lab/"), !file.hasSuffix(".py"),
                    let text = (try? String(contentsOf: root.appending(path: file), encoding: .utf8)).map(joined)
                else { continue }
                let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
                found[file] = lines.filter { $0.contains(waits) }.map(String.init)
            }
        }
        for file in Set(found.keys).union(mayWait.keys).sorted() {
            let lines = found[file, default: []]
            #expect(
                lines.count == mayWait[file]?.count ?? 0,
                "\(file): \(lines.joined(separator: " | ")): wait in Swift, with Machine.pause between short commands")
        }
    }

    @Test("are none for files of this computer: each is opened by LocalFile")
    func opens() throws {
        let ways =
            #/
            \bcontentsOf:\ (URL|file)|\bcontentsOfFile|contents\(atPath|FileHandle\(for|\bfopen\(
            |(^|[^.\w])(Glibc\.)?open\([^)]*O_[^)]*\)
            /#
        let harmless = ["O_EXCL", "O_DIRECTORY", "O_NONBLOCK"]
        var found: Set<String> = []
        // The lab is root's, and its files are its own.
        for (path, text) in try sources() where !(inside + ["ForgeLab/"]).contains(where: path.hasPrefix) {
            let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            let lines = code.filter { line in line.contains(ways) && !harmless.contains(where: line.contains) }
            if lines.isEmpty { continue }
            found.insert(path)
            #expect(
                mayOpen[path] != nil,
                "\(path): \(lines.joined(separator: " | ")): use LocalFile, or give the reason here")
        }
        for path in mayOpen.keys { #expect(found.contains(path), "\(path) opens no file any more") }
    }
}
