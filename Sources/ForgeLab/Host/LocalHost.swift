import ForgeCore
import Foundation
import Subprocess

/// The computer that kubeforge runs on, as something that runs commands. The lab's only door to local programs.
package struct LocalHost: Sendable {
    /// The last words of a program are worth keeping, a build's whole log is not.
    private static let longestCapture = 4 << 20

    /// Lets the time pass, until a program has used up its own.
    let wait: @Sendable (Duration) async throws -> Void
    /// Ends a process without asking it.
    let kill: @Sendable (Int32) -> Void

    package init() { self.init(wait: { try await Task.sleep(for: $0) }) }

    /// A test has a clock of its own, and processes that do not die.
    init(
        wait: @escaping @Sendable (Duration) async throws -> Void,
        kill: @escaping @Sendable (Int32) -> Void = { _ = Foundation.kill($0, SIGKILL) }
    ) {
        self.wait = wait
        self.kill = kill
    }

    /// Runs the command to its end; a command that fails is an `Output`, one that cannot be started, or takes longer
    /// than its limit, a `Problem`.
    package func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void = { _ in }) async throws
        -> Output
    {
        let run = TimedRun(command, self)
        return try await run.output {
            try await execute(command, onStart: run.began) { line in
                run.printed(line)
                onLine(line)
            }
        }
    }

    private func execute(
        _ command: Command, onStart: @escaping @Sendable (Int32) -> Void,
        onLine: @escaping @Sendable (OutputLine) -> Void
    ) async throws -> Output {
        var words = command.words.map(\.text)
        let program = words.removeFirst()
        do {
            let result = try await Subprocess.run(
                .name(program), arguments: Arguments(words), environment: .inherit.updating(Self.environment),
                input: .array(bytes(command.input)), output: .sequence, error: .sequence
            ) { execution in
                onStart(execution.processIdentifier.value)
                async let errors = Self.collect(execution.standardError, .standardError, onLine)
                let output = try await Self.collect(execution.standardOutput, .standardOutput, onLine)
                return (output, try await errors)
            }
            let (output, errors) = result.closureResult
            return Output(standardOutput: output, standardError: errors, exit: Self.exit(result.terminationStatus))
        } catch let error as SubprocessError {
            throw Problem(what: "`\(program)` could not be run", why: "\(error)", fix: "install \(program)")
        }
    }

    /// What the command printed, without the white space around it. Its failure is a `Problem` with its last words.
    @discardableResult
    package func finish(
        _ command: Command, fix: String? = nil, onLine: @escaping @Sendable (OutputLine) -> Void = { _ in }
    ) async throws -> String {
        let output = try await run(command, onLine: onLine)
        guard output.isSuccess else {
            throw Problem(
                what: "`\(command.line)` failed on this computer (\(output.exit))", why: output.lastLine, fix: fix)
        }
        return output.text.trimming(while: \.isWhitespace)
    }

    /// Root's programs must not write into the home directory of who typed sudo, and an ordinary user's PATH has no
    /// sbin on Debian.
    private static let environment: [Environment.Key: String] = {
        let inherited = ProcessInfo.processInfo.environment
        var values: [Environment.Key: String] = ["LC_ALL": "C.UTF-8"]
        let directories = (inherited["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map(String.init)
        let missing = ["/usr/local/sbin", "/usr/sbin", "/sbin"].filter { !directories.contains($0) }
        values["PATH"] = (directories + missing).joined(separator: ":")
        if geteuid() == 0, inherited["SUDO_UID"] != nil, let home = Operator.home(of: 0) { values["HOME"] = home }
        return values
    }()

    private func bytes(_ input: Command.Input) -> [UInt8] {
        switch input {
        case .none, .file: []
        case .bytes(let bytes), .secret(let bytes): bytes
        }
    }

    private static func collect(
        _ stream: SubprocessOutputSequence, _ name: OutputLine.Stream, _ onLine: @Sendable (OutputLine) -> Void
    ) async throws -> [UInt8] {
        var all: [UInt8] = []
        var lines = LineSplitter()
        for try await buffer in stream {
            let chunk = buffer.withUnsafeBytes { Array($0) }
            lines.add(chunk) { onLine(OutputLine(stream: name, text: $0)) }
            all += chunk
            if all.count > longestCapture { all.removeFirst(all.count - longestCapture) }
        }
        lines.finish { onLine(OutputLine(stream: name, text: $0)) }
        return all
    }

    private static func exit(_ status: TerminationStatus) -> Output.Exit {
        switch status {
        case .exited(let code): .code(Int(code))
        case .signaled(let number): .signal("\(number)")
        }
    }
}

extension LocalHost {
    /// Polls until it is done, with pauses between two checks; false when the limit is over first.
    func poll(
        within limit: Duration, every pause: Duration, until isDone: () async throws -> Bool
    ) async throws -> Bool {
        try await ForgeCore.poll(within: limit, pause: { try await Task.sleep(for: pause) }, until: isDone)
    }

    /// Asks a machine's systemd to reboot. It does so on SIGRTMIN+5; SIGRTMIN is 34, since glibc keeps two
    /// signals for itself.
    func requestReboot(ofFirstProcess process: Int32) { _ = Foundation.kill(process, 34 + 5) }
}

extension LocalHost {
    /// Links are followed: one that leads nowhere does not exist.
    package func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The names in a directory, sorted; none if there is no such directory.
    package func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    /// The file's text; nil if it cannot be read.
    /// Piece by piece: `Data(contentsOf:)` takes the first page of a file of /proc for the whole, and a table of mounts
    /// is longer.
    package func read(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        var bytes = Data()
        do {
            while let piece = try file.read(upToCount: 1 << 16), !piece.isEmpty { bytes += piece }
        } catch {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Size and time of the last change, to notice that a large file is another one.
    package func stamp(_ path: String) -> String {
        let attributes = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(attributes[.size] as? Int ?? 0) \(changed)"
    }

    /// Creates the directory with all those above it; one that exists already is no error.
    package func makeDirectory(_ path: String) throws(Problem) {
        try doing("create the directory \(path)") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    /// Straight into the file, as the kernel's own files want it.
    package func write(_ text: String, to path: String) throws(Problem) {
        try doing("write \(path)") { try Data(text.utf8).write(to: URL(filePath: path)) }
    }

    /// Into a temporary name that takes the place of the old file when it is complete. `mode` is permission bits such
    /// as 0o644.
    package func replace(_ path: String, with text: String, mode: Int = 0o644) throws(Problem) {
        try doing("write \(path)") {
            let url = URL(filePath: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        }
        do throws(WholeFile.Failure) { try WholeFile.write(Array(text.utf8), to: path, mode: mode_t(mode)) } catch {
            throw Problem(what: "cannot write \(path)", why: error.reason)
        }
    }

    /// A file, a link, or a directory with all that is in it. Throws where there is nothing at the path.
    package func remove(_ path: String) throws(Problem) {
        try doing("remove \(path)") { try FileManager.default.removeItem(atPath: path) }
    }

    private func doing(_ what: String, _ work: () throws -> Void) throws(Problem) {
        do { try work() } catch { throw Problem(what: "cannot \(what)", why: (error as NSError).localizedDescription) }
    }
}
