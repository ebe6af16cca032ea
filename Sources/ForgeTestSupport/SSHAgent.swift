import ForgeCore
import Foundation

/// A real ssh-agent with a socket of its own.
package struct SSHAgent: Sendable {
    package let socket: String

    package static func running<Result: Sendable>(
        in directory: TemporaryDirectory, keys: [String] = [], _ body: (SSHAgent) async throws -> Result
    ) async throws -> Result {
        let agent = SSHAgent(socket: directory.path("agent"))
        return try await LocalProgram.running("/usr/bin/ssh-agent", ["-D", "-a", agent.socket]) { _ in
            // Between bind and listen the socket is there, and refuses.
            while !agent.isListening { try await Task.sleep(for: .milliseconds(2)) }
            for key in keys { try await agent.add(key) }
            return try await body(agent)
        }
    }

    package func add(_ keyPath: String, passphrase: String? = nil, _ directory: TemporaryDirectory? = nil) async throws
    {
        var environment = ["SSH_AUTH_SOCK": socket]
        if let passphrase, let directory {
            environment["SSH_ASKPASS"] = try directory.write(
                "askpass", "#!/bin/sh\necho \(passphrase.shellQuoted)\n", mode: 0o700)
            environment["SSH_ASKPASS_REQUIRE"] = "force"
        }
        try await LocalProgram.run("ssh-add", ["-q", keyPath], environment: environment)
    }
}

/// An ssh-agent that stops answering: one that is stopped, or waits for its owner.
package struct MuteAgent: Sendable {
    package let socket: String
    /// Ends when it has been asked what it does not answer.
    package let isAsked: AsyncStream<Void>

    package enum Manner: Sendable {
        /// It takes no more connections.
        case full
        /// It answers nothing.
        case silent
        /// It names the keys of another agent, and signs nothing.
        case signsNothing(SSHAgent)
    }

    package static func running<Result>(
        _ manner: Manner, in directory: TemporaryDirectory, _ body: (MuteAgent) async throws -> Result
    )
        async throws -> Result
    {
        let (isAsked, asked) = AsyncStream<Void>.makeStream()
        let agent = MuteAgent(socket: directory.path("mute-\(UUID().uuidString.prefix(8))"), isAsked: isAsked)
        let listener = try agent.connection { bind($0, $1, $2) == 0 && listen($0, 0) == 0 }
        var others: [CInt] = []
        switch manner {
        // The kernel keeps one more than it was told to.
        case .full: others = [try agent.connection { connect($0, $1, $2) == 0 }]
        case .silent, .signsNothing: Thread.detachNewThread { agent.serve(listener, manner, asked) }
        }
        defer {
            shutdown(listener, CInt(SHUT_RDWR))
            for end in others + [listener] { close(end) }
        }
        return try await body(agent)
    }

    /// One connection after the other, each until the other side ends it.
    private func serve(_ listener: CInt, _ manner: Manner, _ asked: AsyncStream<Void>.Continuation) {
        while case let client = accept(listener, nil, nil), client >= 0 {
            while let request = Self.receive(client) {
                guard case .signsNothing(let real) = manner, request.first == 11, let answer = real.answer(to: request)
                else {
                    asked.finish()
                    continue
                }
                Self.send(answer, to: client)
            }
            close(client)
        }
    }

    fileprivate static func receive(_ connection: CInt) -> [UInt8]? {
        var head = [UInt8](repeating: 0, count: 4)
        guard recv(connection, &head, 4, CInt(MSG_WAITALL)) == 4 else { return nil }
        var body = [UInt8](repeating: 0, count: head.reduce(0) { $0 << 8 | Int($1) })
        return recv(connection, &body, body.count, CInt(MSG_WAITALL)) == body.count ? body : nil
    }

    fileprivate static func send(_ message: [UInt8], to connection: CInt) {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: message.count >> $0) } + message
        _ = Glibc.send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    private func connection(_ make: (CInt, UnsafePointer<sockaddr>, socklen_t) -> Bool) throws -> CInt {
        try SSHAgent(socket: socket).connection(make)
    }
}

extension SSHAgent {
    private var isListening: Bool {
        guard let connection = try? connection({ connect($0, $1, $2) == 0 }) else { return false }
        close(connection)
        return true
    }

    fileprivate func connection(_ make: (CInt, UnsafePointer<sockaddr>, socklen_t) -> Bool) throws -> CInt {
        let fd = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(socket.utf8)) }
        let isMade = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                make(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard isMade else {
            let reason = String(cString: strerror(errno))
            close(fd)
            throw Problem(what: "\(socket) cannot be used", why: reason)
        }
        return fd
    }

    fileprivate func answer(to request: [UInt8]) -> [UInt8]? {
        guard let real = try? connection({ connect($0, $1, $2) == 0 }) else { return nil }
        defer { close(real) }
        MuteAgent.send(request, to: real)
        return MuteAgent.receive(real)
    }
}
