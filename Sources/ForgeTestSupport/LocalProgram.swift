import ForgeCore
import Foundation
import Subprocess
import Synchronization

/// A program of this computer that a test needs.
package enum LocalProgram {
    /// Its standard output; a failure is a `Problem` with what it said.
    @discardableResult
    package static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) async throws
        -> String
    {
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(Self.keyed(environment)),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Problem(what: "`\(name) \(arguments.joined(separator: " "))` failed", why: result.standardError)
        }
        return result.standardOutput
    }

    /// Runs the body beside a program, which is ended with TERM afterwards.
    ///
    /// Not Foundation's `Process`: its children inherit the pipes of others, which then never end.
    package static func running<Result: Sendable>(
        _ path: String, _ arguments: [String], _ body: (ProcessID) async throws -> Result
    )
        async throws -> Result
    {
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments([path] + arguments), input: .none, output: .discarded, error: .discarded
        ) { execution in
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body(execution.processIdentifier.value)) } catch {
                result = .failure(error)
            }
            try? execution.send(signal: .terminate)
            return result
        }
        return try result.closureResult.get()
    }

    package typealias ProcessID = Int32

    private static func keyed(_ variables: [String: String]) -> [Environment.Key: String?] {
        Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    }
}

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
        _ arguments: [String], in directory: URL? = nil, environment: [String: String]? = nil, input: Int32? = nil,
        output: Int32, errors: Int32
    ) throws {
        let place = directory.map { ["--chdir", $0.path] } ?? []
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
        _ arguments: [String], input: [UInt8] = [], in directory: URL? = nil, environment: [String: String]? = nil,
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
            arguments, in: directory, environment: environment, input: streams.0.fileDescriptor,
            output: streams.1.fileDescriptor, errors: (isMerged ? streams.1 : streams.2).fileDescriptor)
        let status = process.wait()
        return FinishedProgram(
            status: status, output: Array(try Data(contentsOf: stdout)), errors: Array(try Data(contentsOf: stderr)))
    }
}

/// A user of this computer who is not root and may become root without a password, as on a cloud image. Only root can
/// make one.
package struct OrdinaryUser: Sendable {
    package let name: String

    package static var canBeMade: Bool { getuid() == 0 }

    package static func during<Result>(shell: String = "/bin/sh", _ body: (OrdinaryUser) async throws -> Result)
        async throws -> Result
    {
        // Other tests, of other processes, too, may be making theirs: useradd does not wait for its lock.
        let lock = open("/run/lock/kubeforge-test-users", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        defer { close(lock) }
        // Not by blocking: the test that has the lock may need this very thread to go on.
        while flock(lock, LOCK_EX | LOCK_NB) != 0 { try await Task.sleep(for: .milliseconds(20)) }
        try await removeForgotten()
        let user = OrdinaryUser(name: "kubeforge-test-\(getpid())")
        let result: Swift.Result<Result, any Error>
        do {
            try await user.make(shell: shell)
            result = .success(try await body(user))
        } catch {
            result = .failure(error)
        }
        await user.remove()
        return try result.get()
    }

    private var sudoers: String { "/etc/sudoers.d/\(name)" }

    private func make(shell: String) async throws {
        // `*` is no password, but unlike useradd's `!` it does not lock the account.
        try await LocalProgram.run("useradd", ["--create-home", "--shell", shell, "--password", "*", name])
        try "\(name) ALL=(ALL) NOPASSWD: ALL\n".write(toFile: sudoers, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: sudoers)
    }

    private func remove() async {
        try? FileManager.default.removeItem(atPath: sudoers)
        _ = try? await LocalProgram.run("userdel", ["--remove", "--force", name])
    }

    /// Users of test runs that were killed.
    private static func removeForgotten() async throws {
        let names = try String(contentsOfFile: "/etc/passwd", encoding: .utf8).split(separator: "\n").compactMap {
            $0.split(separator: ":").first
        }
        for name in names where name.hasPrefix("kubeforge-test-") {
            guard let owner = pid_t(name.dropFirst("kubeforge-test-".count)), kill(owner, 0) != 0 else { continue }
            await OrdinaryUser(name: String(name)).remove()
        }
    }
}
