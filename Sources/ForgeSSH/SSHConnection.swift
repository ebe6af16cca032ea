import ForgeCore

/// A host, reached over SSH. One command runs at a time; another waits for its turn.
package actor SSHConnection: Transport {
    private let executor: QueueExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let host: Host
    private let options: SSHOptions
    private let alarm: Alarm
    private let session: Session
    private var counted = Traffic()
    private var isOpen = false
    private var tending: QueueExecutor.Repetition?

    /// Connects, checks the host's key and logs in. A failure is a `Problem` of the kind `unreachable`, with what to do about it.
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
        alarm = Alarm()
        session = Session(to: host, options: options, alarm: alarm)
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        tending = nil
        session.disconnect()
        alarm.close()
    }

    package var traffic: Traffic { counted }

    package nonisolated func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        let cancellation = Cancellation(alarm)
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
        let cancellation = Cancellation(alarm)
        return await withTaskCancellationHandler {
            await connect(cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func connect(_ cancellation: Cancellation) -> Result<Void, SSHError> {
        let patience = Patience(for: options.connectTimeout, cancellation, alarm)
        do throws(SSHError) {
            let known = try KnownHosts(at: options.expanded(host.access.knownHostsPath), options.globalKnownHosts, for: host)
            session.prefer(hostKeyTypes: known.types)
            let socket = try Wire.connect(
                to: host.access, at: Wire.address(of: host, options, patience), patience, keepalive: options.keepalive)
            try session.connect(over: socket, patience)
            try check(session.hostKey(), known, patience)
            try session.authenticate(host.access, options, patience)
            isOpen = true
            startTending()
            return .success(())
        } catch {
            session.disconnect()
            alarm.close()
            return .failure(error)
        }
    }

    private func check(_ key: HostKey, _ known: KnownHosts, _ patience: Patience) throws(SSHError) {
        if try known.knows(key) { return }
        guard let notice = options.acceptNewHostKeys else { throw .unknownHostKey(key) }
        guard try known.accept(key, patience) else { return }
        notice(
            "\(host.name): the host key of \(known.name) was not known and is believed from now on: \(key.type) \(key.fingerprint), written to \(known.path)"
        )
    }

    /// Between two commands nobody reads; a host that asks whether we are alive would give us up.
    private func startTending() {
        tending = executor.repeating(every: options.keepalive) { [weak self] in
            self?.assumeIsolated { $0.session.tend() }
        }
    }

    private func run(_ command: Command, _ cancellation: Cancellation, _ onLine: @escaping @Sendable (OutputLine) -> Void) -> Result<
        Output, SSHError
    > {
        do throws(SSHError) {
            guard isOpen else { throw .closed }
            let line = command.remoteLine(user: host.access.user)
            // C ends a string at a zero byte: the host would run the first half of the command.
            guard !line.utf8.contains(0) else { throw .notSendable }
            let reception = try Reception(command.output, fileLimit: command.fileLimit, onLine: onLine)
            let input = try InputStream(command.input)
            let patience = Patience(for: command.longest + options.patience, cancellation, alarm)
            counted.roundTrips += 1
            defer { counted.bytesReceived += reception.byteCount }
            try session.run(line, reading: input, into: reception, sent: &counted.bytesSent, patience)
            return .success(reception.finish())
        } catch .timedOut {
            return .failure(.outlastedItsLimit)
        } catch {
            return .failure(error)
        }
    }
}
