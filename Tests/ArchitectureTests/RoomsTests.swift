import Foundation
import Testing

/// The directories ("rooms") of each module, from the bottom up: a room uses only those before it. The empty name is
/// the module's own directory.
private let rooms: [String: [String]] = [
    "ForgeCore": [""],
    "ForgeInventory": ["Cluster", "Parsing", "Rules", "Sections", ""],
    "ForgePlan": ["Events", "Questions", "", "Steps", "Packages"],
    "ForgeSSH": [""],
    "ForgeKubernetes": [
        "Host", "KubeAPI", "CNI", "Metrics", "Kubeadm", "Runtime", "Kubeconfig", "Readiness", "Preflight", "",
    ],
    "ForgeService": [
        "KubeAPI", "Release", "Jobs", "Lease", "Registry", "Models", "Access", "Checks", "Retention", "Build", "Batch",
        "Training", "Schedules", "Manifests", "Rollout", "Operations", "",
    ],
    "ForgeLab": ["Host", "Network", "Layout", "Machines", "Preconditions", "Artifacts", ""],
    "ForgeCLI": [
        "Local", "Reporters", "Reports", "Run", "Commands", "Commands/Batch", "Commands/Lab", "",
    ],
]

@Suite("The rooms of a module")
struct RoomsTests {
    @Test("use only those below them", arguments: rooms.keys.sorted())
    func useOnlyThoseBelow(module: String) throws {
        let order = try #require(rooms[module])
        let files = try SourceFile.all(of: module)
        let homes = files.reduce(into: [String: String]()) { homes, file in
            for name in file.declares { homes[name] = file.room }
        }
        for file in files {
            guard let own = order.firstIndex(of: file.room) else {
                Issue.record("\(file.path) is in a room that the table does not name: give “\(file.room)” its place")
                continue
            }
            for name in file.uses.subtracting(file.declares).sorted() {
                guard let home = homes[name], let other = order.firstIndex(of: home), other > own else { continue }
                Issue.record(
                    """
                    \(file.path) uses \(name) of “\(home)”, which is above “\(file.room)”: move one of them, or give \
                    the value in
                    """
                )
            }
        }
        for room in order { #expect(files.contains { $0.room == room }, "\(module) has no room “\(room)” any more") }
    }
}

/// A source file, as far as rooms go.
private struct SourceFile {
    /// Beginning with the module's name.
    let path: String
    /// The directory within the module.
    let room: String
    /// The types that it declares at its top level.
    let declares: Set<String>
    /// Every capitalised word outside of comments and string literals.
    let uses: Set<String>

    static func all(of module: String) throws -> [SourceFile] {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized
        let directory = sources.appending(path: module)
        let files = try #require(FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
        return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { file in
            let path = String(file.path.dropFirst(directory.path.count + 1))
            let room = path.split(separator: "/").dropLast().joined(separator: "/")
            return try SourceFile(path: "\(module)/\(path)", room: room, String(contentsOf: file, encoding: .utf8))
        }
    }

    private init(path: String, room: String, _ text: String) throws {
        (self.path, self.room) = (path, room)
        var (declares, uses) = (Set<String>(), Set<String>())
        for line in text.split(separator: "\n") {
            guard !line.drop(while: { $0 == " " }).hasPrefix("//") else { continue }
            if let name = Self.declared(line) { declares.insert(name) }
            let code = line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset.isMultiple(of: 2) || $0.element.contains("\\(") }.map(\.element)
            for part in code {
                for word in part.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") })
                where word.first?.isUppercase == true { uses.insert(String(word)) }
            }
        }
        (self.declares, self.uses) = (declares, uses)
    }

    private static func declared(_ line: Substring) -> String? {
        var words = line.split(separator: " ")[...]
        guard line.first != " " else { return nil }
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(String(word)) { words.removeFirst() }
        guard let kind = words.popFirst(), kinds.contains(String(kind)), let name = words.first else { return nil }
        return String(name.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    private static let modifiers: Set = [
        "package", "public", "internal", "fileprivate", "private", "final", "indirect",
    ]
    private static let kinds: Set = ["struct", "class", "enum", "actor", "protocol", "typealias"]
}

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
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(module)")
            .standardized
        let files = try #require(FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
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
