import ForgeCore
import Foundation
import Synchronization

/// A program that was started, by its own id. One that nobody has waited for is killed, and waited for, when nobody
/// holds it any more.
///
/// Not Foundation's `Process`: that sees an end only when every child that was started meanwhile has ended, too, since
/// children inherit what it watches. Beside services that run on it waits for ever, and what has ended and is not
/// waited for keeps Swift Testing from seeing the end of a test that runs in a process of its own.
package final class ChildProcess: Sendable {
    package let id: pid_t
    /// How it ended; nil while nobody has waited for it.
    private let end = Mutex<Int32?>(nil)

    /// Found in PATH; with its signals as a shell's children have them, and files (or pipes) as its three streams.
    /// `environment`: nil for that of this process.
    package init(
        _ arguments: [String], in folder: URL? = nil, environment: [String: String]? = nil, input: Int32? = nil,
        output: Int32, errors: Int32
    ) throws {
        let place = folder.map { ["--chdir", $0.path] } ?? []
        let words = ["/usr/bin/env", "--default-signal"] + place + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var child: pid_t = 0
        let code = Self.withStrings(words) { argv in
            Self.withStrings((environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }) {
                posix_spawn(&child, words[0], &actions, nil, argv, $0)
            }
        }
        guard code == 0 else {
            throw Problem(
                what: "`\(arguments.joined(separator: " "))` cannot be started", why: String(cString: strerror(code)))
        }
        id = child
    }

    package func terminate() { kill(id, SIGTERM) }

    deinit {
        guard end.withLock({ $0 }) == nil else { return }
        kill(id, SIGKILL)
        wait()
    }

    /// Its exit code; 128 and the signal's number where one ended it.
    @discardableResult
    package func wait() -> Int32 {
        end.withLock { end in
            if let end { return end }
            var status: Int32 = 0
            while waitpid(id, &status, 0) == -1 && errno == EINTR {}
            let signal = status & 0x7f
            let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
            end = code
            return code
        }
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }
}

/// A program that has run to its end, with all that it said.
package struct FinishedProgram: Sendable {
    /// Its exit code; 128 and the signal's number where one ended it.
    package let status: Int32
    package let output: [UInt8]
    package let errors: [UInt8]

    /// Runs a program found in PATH. `isMerged`: standard error goes where standard output goes, in order.
    package static func run(
        _ arguments: [String], input: [UInt8] = [], in folder: URL? = nil, environment: [String: String]? = nil,
        isMerged: Bool = false
    ) throws -> FinishedProgram {
        // Files, not pipes: nothing can fill up and block whoever writes.
        let place = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let (stdin, stdout, stderr) = (
            place.appending(path: "in"), place.appending(path: "out"), place.appending(path: "err")
        )
        try Data(input).write(to: stdin)
        for file in [stdout, stderr] { try Data().write(to: file) }
        let streams = try (
            FileHandle(forReadingFrom: stdin), FileHandle(forWritingTo: stdout), FileHandle(forWritingTo: stderr)
        )
        let process = try ChildProcess(
            arguments, in: folder, environment: environment, input: streams.0.fileDescriptor,
            output: streams.1.fileDescriptor, errors: (isMerged ? streams.1 : streams.2).fileDescriptor)
        let status = process.wait()
        return FinishedProgram(
            status: status, output: Array(try Data(contentsOf: stdout)), errors: Array(try Data(contentsOf: stderr)))
    }
}
