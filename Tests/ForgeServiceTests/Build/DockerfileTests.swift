import ForgeInventory
import ForgeTemplates
import Foundation
import Testing

@testable import ForgeService

@Suite("Every Dockerfile")
struct DockerfileTests {
    @Test(
        "is copied from by both of Docker's builders, in every context that an inventory can make",
        arguments: Variant.all)
    func copies(variant: Variant) throws {
        let dockerfiles = try Dockerfile.all()
        #expect(dockerfiles.map(\.name).contains("service/Dockerfile"))
        for dockerfile in dockerfiles {
            let files = try variant.context()
            let copies = DockerfileCopy.all(in: dockerfile.text)
            #expect(!copies.isEmpty, "\(dockerfile.name)")
            for copy in copies {
                #expect(copy.complaintOfBuildKit(files) == nil, "\(dockerfile.name): \(copy)")
                #expect(copy.complaintOfClassicBuilder(files) == nil, "\(dockerfile.name): \(copy)")
            }
        }
    }

    @Test("that names a directory which may be missing is found")
    func findsDirectory() throws {
        let copy = try #require(DockerfileCopy.all(in: "FROM x\nCOPY requirements.txt apt/*.asc ./\n").first)
        #expect(copy.complaintOfBuildKit(["requirements.txt"]) == "lstat /apt: no such file or directory")
        #expect(copy.complaintOfClassicBuilder(["requirements.txt"]) == nil)
        #expect(copy.complaintOfBuildKit(["requirements.txt", "apt/mirror.asc"]) == nil)
        let alone = try #require(DockerfileCopy.all(in: "COPY ap[t]/*.asc ./").first)
        #expect(alone.complaintOfBuildKit([]) == nil)
        #expect(alone.complaintOfClassicBuilder([]) == "COPY failed: no source files were specified")
        #expect(alone.complaintOfClassicBuilder(["apt/mirror.asc"]) == nil)
        #expect(alone.complaintOfClassicBuilder(["api/mirror.asc"]) != nil)
    }

    @Test("takes the apt key and the user's data when they are there")
    func takes() throws {
        let service = try #require(try Dockerfile.all().first { $0.name == "service/Dockerfile" })
        let patterns = DockerfileCopy.all(in: service.text).flatMap(\.sources)
        for file in try Variant(name: "", hasData: true, hasStore: true, hasKey: true).context()
        where file != "Dockerfile" {
            let isTaken = patterns.contains {
                $0 == file || file.hasPrefix($0 + "/") || DockerfileCopy.matches(file, $0)
            }
            #expect(isTaken, "\(file)")
        }
    }
}

/// A file named Dockerfile below templates/.
private struct Dockerfile {
    let name: String
    let text: String

    static func all() throws -> [Dockerfile] {
        let templates = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../templates")
            .standardized.path()
        let paths = try FileManager.default.subpathsOfDirectory(atPath: templates).filter {
            $0.split(separator: "/").last == "Dockerfile"
        }
        return try paths.map {
            Dockerfile(name: $0, text: try String(contentsOfFile: templates + "/" + $0, encoding: .utf8))
        }
    }
}

/// What an inventory can say that changes the files of the build context.
struct Variant: Sendable, CustomTestStringConvertible {
    let name: String
    var hasData = false
    var hasStore = false
    var hasKey = false

    var testDescription: String { name }

    static let all = [
        Variant(name: "nothing"),
        Variant(name: "data", hasData: true),
        Variant(name: "a model store", hasStore: true),
        Variant(name: "an apt mirror with its key", hasKey: true),
        Variant(name: "a model store and an apt mirror with its key", hasStore: true, hasKey: true),
        Variant(
            name: "data, a model store and an apt mirror with its key", hasData: true, hasStore: true, hasKey: true),
    ]

    /// The paths of the files in the context that it makes.
    func context() throws -> Set<String> {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "file").path(percentEncoded: false)
        try Data("text\n".utf8).write(to: URL(filePath: file))
        let mirrors = Mirrors(debian: hasKey ? .init(url: "http://mirror.example/debian", key: .file(path: file)) : nil)
        let service = Service(
            trainingData: hasData ? .init(train: file, test: file) : nil,
            models: hasStore ? ModelStore(url: "sftp://models@store/srv", keyPath: file, knownHostsPath: file) : nil)
        let cluster = Example.cluster(mirrors: mirrors, service: service)
        return Set(try BuildContext.make(cluster: cluster, templates: Templates()).files.keys)
    }
}

/// One COPY or ADD of a Dockerfile that takes files from the build context.
struct DockerfileCopy: Sendable, Hashable, CustomStringConvertible {
    let sources: [String]
    let destination: String

    var description: String { "COPY \((sources + [destination]).joined(separator: " "))" }

    /// All of a Dockerfile, in its order; what comes from another stage or image (`--from`) is left out.
    static func all(in dockerfile: String) -> [DockerfileCopy] {
        dockerfile.replacing(/\\[ \t]*\n/, with: " ").split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let verb = words.first?.uppercased(), ["COPY", "ADD"].contains(verb) else { return nil }
            if words.contains(where: { $0.hasPrefix("--from=") }) { return nil }
            let paths = words.dropFirst().filter { !$0.hasPrefix("--") }
            return DockerfileCopy(sources: Array(paths.dropLast()), destination: paths.last ?? "")
        }
    }

    /// What BuildKit says against it in a context of these files; nil when it copies.
    ///
    /// BuildKit looks for a pattern's matches below the directory in front of it, which must be there; matching nothing
    /// is allowed.
    func complaintOfBuildKit(_ files: Set<String>) -> String? {
        for source in sources {
            let parts = source.split(separator: "/").map(String.init)
            let fixed = parts.prefix { !Self.isPattern($0) }.joined(separator: "/")
            if !fixed.isEmpty, fixed != ".", !Self.exists(fixed, files) {
                return "lstat /\(fixed): no such file or directory"
            }
        }
        return complaintAboutDestination
    }

    /// The same of Docker's classic builder: a pattern may match nothing, but not all of them nothing.
    func complaintOfClassicBuilder(_ files: Set<String>) -> String? {
        var isAnythingCopied = false
        for source in sources {
            if Self.isPattern(source) {
                isAnythingCopied = isAnythingCopied || files.contains { Self.matches($0, source) }
            } else if source == "." || Self.exists(source, files) {
                isAnythingCopied = true
            } else {
                return "COPY failed: file not found in build context: stat \(source): file does not exist"
            }
        }
        return isAnythingCopied ? complaintAboutDestination : "COPY failed: no source files were specified"
    }

    private var complaintAboutDestination: String? {
        let canBeMany = sources.count > 1 || sources.contains(where: Self.isPattern)
        return canBeMany && !destination.hasSuffix("/")
            ? "when using COPY with more than one source file, the destination must end with a /" : nil
    }

    private static func isPattern(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }

    private static func exists(_ path: String, _ files: Set<String>) -> Bool {
        files.contains { $0 == path || $0.hasPrefix(path + "/") }
    }

    /// As Go's filepath.Match for what Dockerfiles use: `*` and `?` stop at a slash, `[…]` is one of the characters in
    /// it.
    static func matches(_ path: String, _ pattern: String) -> Bool {
        let (names, patterns) = (path.split(separator: "/"), pattern.split(separator: "/"))
        return names.count == patterns.count && zip(names, patterns).allSatisfy { matches($0[...], part: $1[...]) }
    }

    private static func matches(_ name: Substring, part: Substring) -> Bool {
        guard let first = part.first else { return name.isEmpty }
        switch first {
        case "*":
            return (0...name.count).contains { matches(name.dropFirst($0), part: part.dropFirst()) }
        case "[":
            let set = part.dropFirst().prefix { $0 != "]" }
            guard let next = name.first, set.contains(next) else { return false }
            return matches(name.dropFirst(), part: part.dropFirst(set.count + 2))
        case "?": return !name.isEmpty && matches(name.dropFirst(), part: part.dropFirst())
        default: return name.first == first && matches(name.dropFirst(), part: part.dropFirst())
        }
    }
}
