import Dispatch
import ForgeCore

/// A host, reached over SSH. One command runs at a time; another waits for its turn.
package actor SSHConnection: Transport {
    private let executor: QueueExecutor
    /// The connection's own queue: what libssh blocks on holds up no thread of Swift's pool.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let host: Host
    private let options: SSHOptions
    private let wakeup: WakeupPipe
    private let session: Session
    private var counted = Traffic()
    /// Runs as long as the connection is open.
    private var tending: QueueExecutor.RepeatingTimer?
    private var isOpen: Bool { tending != nil }

    /// Connects, checks the host's key and logs in. A failure is a `Problem` of the kind `unreachable`, with what to do
    /// about it.
    package static func open(to host: Host, options: SSHOptions) async throws(Problem) -> SSHConnection {
        var attempt = 1
        let end = ContinuousClock.now + options.connectTimeout
        while true {
            let connection = SSHConnection(to: host, options)
            switch await connection.open() {
            case .success: return connection
            case .failure(let error) where error.endsTheConnection && attempt < 4:
                attempt += 1
                try? await Task.sleep(for: .milliseconds(Int.random(in: 100...300) * attempt))
            case .failure(let error) where error.isOfABootingHost && .now < end && !Task.isCancelled:
                try? await Task.sleep(for: .seconds(1))
            case .failure(let error): throw Problem(error, connectingTo: host, options)
            }
        }
    }

    private init(to host: Host, _ options: SSHOptions) {
        self.host = host
        self.options = options
        executor = QueueExecutor(label: "kubeforge.ssh.\(host.name)")
        wakeup = WakeupPipe()
        session = Session(to: host, options: options, wakeup: wakeup)
    }

    /// Waits for a command that runs; a second call does nothing.
    package func close() {
        guard isOpen else { return }
        tending = nil
        session.disconnect()
        wakeup.close()
    }

    /// Since the login, which is not counted.
    package var traffic: Traffic { counted }

    /// Throws a `Problem` where the connection is lost or the host does not keep the time limit, and
    /// `CancellationError` where the task is cancelled.
    package nonisolated func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws
        -> Output
    {
        let cancellation = Cancellation(wakeup)
        let result = await withTaskCancellationHandler {
            await run(command, cancellation, onLine)
        } onCancel: {
            cancellation.cancel()
        }
        switch result {
        case .success(let output): return output
        case .failure(.cancelled): throw CancellationError()
        case .failure(let error): throw Problem(error, running: command, on: host, options)
        }
    }
}

extension SSHConnection {
    private nonisolated func open() async -> Result<Void, SSHError> {
        let cancellation = Cancellation(wakeup)
        return await withTaskCancellationHandler {
            await connect(cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func connect(_ cancellation: Cancellation) -> Result<Void, SSHError> {
        let deadline = Deadline(for: options.connectTimeout, cancellation, wakeup)
        do throws(SSHError) {
            let known = try KnownHosts(
                at: options.expanded(host.access.knownHostsPath), options.globalKnownHosts, for: host)
            session.prefer(hostKeyTypes: known.types)
            let socket = try TCPSocket.connect(
                to: host.access, at: TCPSocket.address(of: host, options, deadline), deadline,
                keepalive: options.keepalive)
            try session.connect(over: socket, deadline)
            try check(session.hostKey(), known, deadline)
            try session.authenticate(host.access, options, deadline)
            startKeepalive()
            return .success(())
        } catch {
            session.disconnect()
            wakeup.close()
            return .failure(error)
        }
    }

    private func check(_ key: HostKey, _ known: KnownHosts, _ deadline: Deadline) throws(SSHError) {
        if try known.knows(key) { return }
        guard let notice = options.acceptNewHostKeys else { throw .unknownHostKey(key) }
        guard try known.accept(key, deadline) else { return }
        notice(
            """
            \(host.name): the host key of \(known.name) was unknown; it is accepted and saved: \(key.type) \
            \(key.fingerprint), written to \(known.path)
            """
        )
    }

    /// Between two commands nobody reads; a host that asks whether we are alive would give us up.
    private func startKeepalive() {
        tending = executor.repeating(every: options.keepalive) { [weak self] in
            self?.assumeIsolated { $0.session.keepAlive() }
        }
    }

    private func run(
        _ command: Command, _ cancellation: Cancellation, _ onLine: @escaping @Sendable (OutputLine) -> Void
    ) -> Result<
        Output, SSHError
    > {
        do throws(SSHError) {
            guard isOpen else { throw .closed }
            let line = command.remoteLine(user: host.access.user)
            // C ends a string at a zero byte: the host would run the first half of the command.
            guard !line.utf8.contains(0) else { throw .containsNUL }
            let received = try ChannelOutput(command.output, fileLimit: command.fileLimit, onLine: onLine)
            let input = try InputStream(command.input)
            let deadline = Deadline(for: command.longest + options.deadline, cancellation, wakeup)
            counted.roundTrips += 1
            defer { counted.bytesReceived += received.byteCount }
            try session.run(line, reading: input, into: received, sent: &counted.bytesSent, deadline)
            return .success(received.finish())
        } catch .timedOut {
            return .failure(.timeLimitNotEnforced)
        } catch {
            return .failure(error)
        }
    }
}

/// What a connection needs to know beside the host: the operator's side of SSH.
package struct SSHOptions: Sendable {
    /// What `~` stands for in the paths of an inventory, and where `.ssh/id_ed25519` and its like are looked for.
    package var homeDirectory: String
    /// The socket of ssh-agent (`$SSH_AUTH_SOCK`); nil or empty when there is none.
    package var agentSocket: String?
    /// nil: a host that known_hosts does not know is refused. Otherwise its key is written down and this is told so, in
    /// one sentence:
    /// the relaxation cannot be had silently. A changed key is always refused.
    package var acceptNewHostKeys: (@Sendable (String) -> Void)?
    /// Files beside the inventory's known_hosts that are trusted, too; OpenSSH reads the same ones.
    package var globalKnownHosts = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
    /// Looks up the address of a name; it may block.
    package var resolve: @Sendable (String) -> Resolution = { Resolution(of: $0) }
    /// The time limit from the first packet to the end of the authentication.
    package var connectTimeout: Duration = .seconds(15)
    /// How often a quiet connection says that it is alive; three times this without an answer, and it counts as lost.
    package var keepalive: Duration = .seconds(15)
    /// How much longer than its time limit a command is waited for here: `timeout` on the host needs up to 10 s of it
    /// to kill what ignores TERM.
    package var deadline: Duration = .seconds(30)

    package init(
        homeDirectory: String, agentSocket: String? = nil, acceptNewHostKeys: (@Sendable (String) -> Void)? = nil
    ) {
        self.homeDirectory = homeDirectory
        self.agentSocket = agentSocket
        self.acceptNewHostKeys = acceptNewHostKeys
    }

    /// What became of a look-up.
    package enum Resolution: Sendable {
        case address(IPv4Address)
        case unknown(reason: String)
    }

    /// The path with a leading `~` replaced.
    package func expanded(_ path: String) -> String {
        path == "~" || path.hasPrefix("~/") ? homeDirectory + path.dropFirst() : path
    }
}

/// A serial executor of its own for each connection: libssh blocks, and the cooperative pool has only as many threads
/// as the machine has cores.
/// A session may be used by one thread at a time, which is exactly what a serial queue promises.
private final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }

    /// Calls `body` on the queue, again and again for as long as the result is kept. No thread of the cooperative pool
    /// has to be free for it.
    func repeating(every interval: Duration, _ body: @escaping @Sendable () -> Void) -> RepeatingTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        let (seconds, fraction) = interval.components
        let pause = DispatchTimeInterval.nanoseconds(Int(seconds) * 1_000_000_000 + Int(fraction / 1_000_000_000))
        timer.schedule(deadline: .now() + pause, repeating: pause)
        timer.setEventHandler(handler: body)
        timer.activate()
        return RepeatingTimer(timer: timer)
    }

    final class RepeatingTimer {
        private let timer: any DispatchSourceTimer

        init(timer: any DispatchSourceTimer) { self.timer = timer }

        deinit { timer.cancel() }
    }
}
