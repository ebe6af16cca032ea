import ForgeCore
import Foundation

/// A directory of a test, which others may look into, gone with everything in it when the test is over.
package struct TemporaryDirectory: Sendable {
    package let path: String

    package static func during<Result>(_ body: (TemporaryDirectory) async throws -> Result) async throws -> Result {
        let path = NSTemporaryDirectory() + "kubeforge-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        defer { remove(path) }
        return try await body(TemporaryDirectory(path: path))
    }

    /// With directories that a test has closed to everybody, and those that a login of an ordinary user has made as
    /// root: root needs no permission to empty them.
    private static func remove(_ path: String) {
        let nowhere = FileHandle.nullDevice.fileDescriptor
        for way in [[], ["chmod", "-R", "u+rwX", path], ["sudo", "-n", "rm", "-rf", "--", path]] {
            if let program = way.first, !program.isEmpty {
                _ = try? ChildProcess(way, output: nowhere, errors: nowhere).wait()
            }
            try? FileManager.default.removeItem(atPath: path)
            if !FileManager.default.fileExists(atPath: path) { return }
        }
    }

    package func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Returns the path of the file.
    @discardableResult
    package func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let directory = URL(filePath: path(name)).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let isProgram = mode & 0o111 != 0
        let file = isProgram ? path(name) + ".text" : path(name)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        if isProgram { try install(file, as: path(name)) }
        return path(name)
    }

    /// Another process writes a program: while this one has it open, a child of another test may inherit the
    /// descriptor, and until that child runs its own program nothing can run this one (ETXTBSY).
    private func install(_ file: String, as path: String) throws {
        let nowhere = FileHandle.nullDevice.fileDescriptor
        let copy = try ChildProcess(["cp", "-p", file, path], output: nowhere, errors: nowhere)
        guard copy.wait() == 0 else { throw CocoaError(.fileWriteUnknown) }
        try FileManager.default.removeItem(atPath: file)
    }

    /// A pipe that nobody writes to. Who waits for it all the same is let go after a few seconds: its test ends, and is
    /// red.
    @discardableResult
    package func pipe(_ name: String) throws -> String {
        let path = path(name)
        guard mkfifo(path, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
        Thread.detachNewThread {
            repeat {
                Thread.sleep(forTimeInterval: 5)
                close(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC))
            } while access(path, F_OK) == 0
        }
        return path
    }

    package func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    /// Permission bits.
    package func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }
}

/// A text that a test has written down: `Tests/MODULE/Golden/NAME`.
package enum Golden {
    /// What the file holds; empty when it is not there. With KUBEFORGE_WRITE_GOLDEN=1 it is written first, for a person
    /// to read and commit.
    package static func text(_ name: String, insteadOf new: String, file: StaticString = #filePath) -> String {
        let path = directory(of: "\(file)").appending(path: name)
        if ProcessInfo.processInfo.environment["KUBEFORGE_WRITE_GOLDEN"] == "1" {
            try? FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try? Data(new.utf8).write(to: path)
        }
        return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    }

    /// Tests lie in directories of their own; the golden files of a module are in one.
    private static func directory(of file: String) -> URL {
        var directory = URL(filePath: file).deletingLastPathComponent()
        while directory.pathComponents.count > 2, directory.deletingLastPathComponent().lastPathComponent != "Tests" {
            directory.deleteLastPathComponent()
        }
        return directory.appending(path: "Golden")
    }
}
