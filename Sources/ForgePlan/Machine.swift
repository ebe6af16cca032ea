import ForgeCore

/// A host that may be changed. A dry run never makes one, so it cannot change anything.
package struct Machine: Sendable {
    /// The inventory's host that the commands run on.
    package let host: Host
    private let transport: any Transport
    private let onNews: @Sendable (News) -> Void
    private let rights: Rights?
    private let peers: @Sendable (String) async throws -> Machine

    /// What is told of a machine while it is changed.
    package enum News: Sendable {
        /// What a command printed.
        case line(OutputLine)
        /// A difference that was known only now.
        case detail(Difference)
        /// What a pod printed that a step follows.
        case podLine(PodLine)
    }

    package init(
        host: Host, transport: any Transport, onNews: @escaping @Sendable (News) -> Void = { _ in },
        rights: Rights? = nil,
        peers: @escaping @Sendable (String) async throws -> Machine = { name in
            throw Problem(what: "\(name) is not connected")
        }
    ) {
        self.host = host
        self.transport = transport
        self.onNews = onNews
        self.rights = rights
        self.peers = peers
    }

    /// Runs a command that must succeed; a failure is a `Problem` with the command and its own last words.
    @discardableResult
    package func run(_ command: Command, fix: String? = nil) async throws -> Output {
        let output = try await attempt(command)
        guard output.isSuccess else { throw Problem(failed: command, on: host, output, fix: fix) }
        return output
    }

    /// Runs a command whose failure is an answer, too.
    package func attempt(_ command: Command) async throws -> Output {
        try await perform(command) { [onNews] in onNews(.line($0)) }
    }

    /// The one place where a machine is changed: under its lock, if the run has one.
    private func perform(_ command: Command, _ onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output
    {
        guard let rights else { return try await transport.run(command, onLine: onLine) }
        return try await rights.run(command, on: host, over: transport, onLine: onLine)
    }

    /// Waits a little before the next check; the first Ctrl-C ends such a wait, and with it the step.
    package func pause(_ time: Duration) async throws {
        try rights?.goOnWaiting(on: host)
        try await Task.sleep(for: time)
        try rights?.goOnWaiting(on: host)
    }

    /// Polls until it is done, with such waits between two checks; false when the limit is over first.
    package func poll(
        within limit: Duration, every time: Duration, until isDone: () async throws -> Bool
    ) async throws -> Bool {
        try await ForgeCore.poll(within: limit, pause: { try await pause(time) }, until: isDone)
    }

    /// As `run`, for a command whose output is a secret, or nothing to read: no line of it becomes an event.
    package func runUnlogged(_ command: Command, fix: String? = nil) async throws -> Output {
        let output = try await perform(command) { _ in }
        let complaint = Output(standardError: output.standardError, exit: output.exit)
        guard output.isSuccess else { throw Problem(failed: command, on: host, complaint, fix: fix) }
        return output
    }

    /// Tells when something of somebody else was there, and is kept.
    package func write(_ file: RemoteFile) async throws {
        let output = try await attempt(file.write)
        guard output.isSuccess else {
            throw Problem(failed: file.write, on: host, output, fix: Self.remedy(file.path, output.errorText, host))
        }
        if output.text.hasPrefix("kept") {
            tell("what was in \(file.path) is kept as \(OriginalFile.copy(of: file.path))")
        }
    }

    /// What to do about a file that cannot be written, by the words of the program that failed.
    private static func remedy(_ path: String, _ said: String, _ host: Host) -> String {
        if said.contains("No space left") { return "make room on \(host.name): `df -h` and `df -i` tell where" }
        if said.contains("Read-only file system") || said.contains("resource busy") {
            return "\(path) is on a mount that cannot be changed: `findmnt -T \(path)` on \(host.name)"
        }
        if said.contains("Operation not permitted") {
            return "\(path) may be protected: `lsattr \(path)` on \(host.name); `sudo chattr -i` takes it off"
        }
        return "`ls -ld \(path)` and `df -h` on \(host.name) tell more"
    }

    /// Takes a file away. One of somebody else's, where there can be any, is kept beside it, and that is told.
    package func remove(_ path: String) async throws {
        guard OriginalFile.mayBe(at: path) else {
            try await run(Command("rm", "-f", "--", Word(path)).asRoot())
            return
        }
        if try await run(OriginalFile.putAway(path)).text.hasPrefix("kept") {
            tell("\(path) is kept as \(OriginalFile.copy(of: path))")
        }
    }

    /// Asks the questions now, in one round trip.
    package func ask(_ questions: [Question]) async throws -> Answers {
        try await transport.ask(questions, of: host)
    }

    /// Adds to the differences that the step reports, for what is known only while it is changed: "1 of 11 layers were
    /// new to it".
    package func tell(_ news: Difference) { onNews(.detail(news)) }

    /// Tells how far it is, as a line that a command might have printed.
    package func say(_ line: String) { onNews(.line(OutputLine(stream: .standardOutput, text: line))) }

    /// Tells a line of a pod that the user wants to follow while the step is applied.
    package func tell(_ line: PodLine) { onNews(.podLine(line)) }

    /// Another machine of this run: what one host needs of another is asked at that moment.
    package func peer(_ name: String) async throws -> Machine { try await peers(name) }
}

extension Problem {
    /// A command that ended badly.
    package init(failed command: Command, on host: Host, _ output: Output, fix: String? = nil) {
        let sudo = command.isAsRoot && host.access.user != "root" ? "sudo " : ""
        let ending =
            switch output.exit {
            case .code(124): "did not end within its time limit of \(command.timeLimit.components.seconds) s"
            case .code(let code): "failed with exit code \(code)"
            case .signal(let name): "was killed by SIG\(name)"
            case .unknown: "the connection was lost before the exit code arrived"
            }
        self.init(what: "\(host.name): `\(sudo)\(command.summary)` \(ending)", why: output.lastLine, fix: fix)
    }
}
