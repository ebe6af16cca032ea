import ForgeTestSupport
import Foundation
import Testing

/// `.ci/version`, which the program and its package get their version from.
@Suite("The version")
struct VersionTests {
    @Test("is the fallback where nothing knows better")
    func fallback() async throws {
        try await TemporaryDirectory.during { directory in
            try await Self.tree(in: directory)
            #expect(try await Self.version(in: directory) == String(try Self.fallback))
        }
    }

    @Test("is the commit's before the first tag, the tag's number on it, and tells of commits after it and of changes")
    func git() async throws {
        try await TemporaryDirectory.during { directory in
            try await Self.tree(in: directory)
            let first = try await Self.commit(in: directory)
            #expect(try await Self.version(in: directory) == "\(try Self.fallback)-g\(first)")
            try await Self.git(in: directory, "tag", "nightly")
            #expect(try await Self.version(in: directory) == "\(try Self.fallback)-g\(first)")
            try await Self.git(in: directory, "tag", "-a", "v0.2.0", "-m", "0.2.0")
            #expect(try await Self.version(in: directory) == "0.2.0")
            let second = try await Self.commit(in: directory)
            #expect(try await Self.version(in: directory) == "0.2.0-1-g\(second)")
            try directory.write("file", "changed")
            #expect(try await Self.version(in: directory) == "0.2.0-1-g\(second)-dirty")
        }
    }

    @Test("goes with an archive, also into somebody else's repository")
    func archive() async throws {
        try await TemporaryDirectory.during { directory in
            try await Self.tree(in: directory)
            let first = try await Self.commit(in: directory)
            #expect(try await Self.unpacked(directory, "untagged") == "\(try Self.fallback)-g\(first)")
            try await Self.git(in: directory, "tag", "v0.2.0")
            #expect(try await Self.unpacked(directory, "tagged") == "0.2.0")
        }
    }

    @Test("is the tree's own where a hook of git names another repository")
    func hook() async throws {
        try await TemporaryDirectory.during { directory in
            try await Self.tree(in: directory)
            let first = try await Self.commit(in: directory)
            let other = ["GIT_DIR=\(directory.path)/none", "GIT_INDEX_FILE=\(directory.path)/none/index"]
            #expect(
                try await Self.version(in: directory, ".ci/version", other[0], other[1])
                    == "\(try Self.fallback)-g\(first)")
        }
    }

    @Test("is no text that could not stand in a source: what git says else is not believed")
    func odd() async throws {
        try await TemporaryDirectory.during { directory in
            try await Self.tree(in: directory)
            _ = try await Self.commit(in: directory)
            try await Self.git(in: directory, "tag", #"v1"+"2"#)
            #expect(try await Self.version(in: directory) == String(try Self.fallback))
        }
    }

    /// What stands in the script, which a release changes.
    private static var fallback: Substring {
        get throws {
            let script = try String(contentsOf: sources.appending(path: "version"), encoding: .utf8)
            return try #require(script.firstMatch(of: /(?m)^fallback=(\d+\.\d+\.\d+-dev)$/)).1
        }
    }

    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.ci")
        .standardized

    /// The scripts in a directory of their own, which is no repository. In an archive's tree what git wrote there
    /// becomes its placeholder again.
    private static func tree(in directory: TemporaryDirectory) async throws {
        let script = try String(contentsOf: sources.appending(path: "version"), encoding: .utf8)
            .replacing(/archived='.*'/, with: "archived='$Format:%(describe:tags=true,abbrev=12,match=v[0-9]*)$'")
            .replacing(/commit='.*'/, with: "commit='$Format:%H$'")
        try directory.write(".ci/version", script)
        try directory.write(
            ".ci/.gitattributes", String(contentsOf: sources.appending(path: ".gitattributes"), encoding: .utf8))
    }

    private static func version(
        in directory: TemporaryDirectory, _ path: String = ".ci/version", _ variables: String...
    ) async throws -> String {
        // A repository of the computer's above the temporary directories is none of this.
        let ceiling = "GIT_CEILING_DIRECTORIES=\(directory.path)/.."
        return try await alone("sh", [directory.path(path)], [ceiling] + variables).trimmingCharacters(in: .newlines)
    }

    /// The first twelve digits of a new commit of all files.
    private static func commit(in directory: TemporaryDirectory) async throws -> Substring {
        if !FileManager.default.fileExists(atPath: directory.path(".git")) {
            try await git(in: directory, "init", "--quiet")
        }
        try directory.write("file", UUID().uuidString)
        try await git(in: directory, "add", ".")
        try await git(in: directory, "commit", "--quiet", "-m", "One more")
        return try await git(in: directory, "rev-parse", "HEAD").prefix(12)
    }

    private static func unpacked(_ directory: TemporaryDirectory, _ name: String) async throws -> String {
        try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
        try await git(in: directory, "archive", "--output", directory.path("\(name).tar"), "HEAD")
        try await LocalProgram.run("tar", ["-xf", directory.path("\(name).tar"), "-C", directory.path(name)])
        return try await version(in: directory, "\(name)/.ci/version")
    }

    @discardableResult
    private static func git(in directory: TemporaryDirectory, _ arguments: String...) async throws -> String {
        let who = [
            "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgSign=false", "-c",
            "tag.gpgSign=false",
        ]
        return try await alone("git", ["-C", directory.path] + who + arguments)
    }

    /// Without anything of the environment but PATH: where a hook of git runs these tests, it names the repository that
    /// is committed to, and commits of a test would go there.
    private static func alone(_ program: String, _ arguments: [String], _ variables: [String] = []) async throws
        -> String
    {
        let path = "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        return try await LocalProgram.run(
            "env", ["-i", path, "GIT_CONFIG_GLOBAL=/dev/null"] + variables + [program] + arguments)
    }
}
