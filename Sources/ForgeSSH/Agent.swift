import Dispatch
import Glibc
import Synchronization

/// A connection to ssh-agent, each wait of which has a limit: an agent may be stopped, or asking its owner for a PIN.
final class AgentSocket: Sendable {
    /// A key that it holds.
    struct Key: Hashable {
        /// The public half, as SSH sends it.
        let blob: [UInt8]
        let comment: String
    }

    private let path: String
    private let fd: CInt

    /// nil when nobody listens there.
    init?(at path: String, _ deadline: Deadline) throws(SSHError) {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: name.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        self.path = path
        fd = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        while fd >= 0 {
            let code = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, length) }
            }
            if code == 0 { return }
            // Too many wait for it already: a socket of this kind cannot be waited for until there are fewer.
            guard errno == EAGAIN || errno == EINTR else { return nil }
            do throws(SSHError) { try deadline.pause(.milliseconds(20)) } catch { throw told(error) }
        }
        return nil
    }

    deinit { if fd >= 0 { close(fd) } }

    /// The keys that it holds; none when it does not answer as an agent does.
    /// The protocol: draft-miller-ssh-agent, SSH_AGENTC_REQUEST_IDENTITIES (11) and SSH_AGENT_IDENTITIES_ANSWER (12).
    func keys(_ deadline: Deadline) throws(SSHError) -> [Key] {
        try answer(to: [11], deadline).map(Self.keys) ?? []
    }

    static func keys(in answer: [UInt8]) -> [Key] {
        var rest = answer[...]
        guard rest.popFirst() == 12, let count = number(&rest) else { return [] }
        var keys: [Key] = []
        while keys.count < count, let blob = text(&rest), let comment = text(&rest) {
            keys.append(Key(blob: Array(blob), comment: String(decoding: comment, as: UTF8.self)))
        }
        return keys
    }

    /// What it answers; nil when it ends the conversation, or says more than any agent does.
    func answer(to request: [UInt8], _ deadline: Deadline) throws(SSHError) -> [UInt8]? {
        do throws(SSHError) {
            guard try write(Self.counted(request), deadline), let head = try read(4, deadline) else { return nil }
            var rest = head[...]
            guard let length = Self.number(&rest), length <= Self.longest else { return nil }
            return try read(length, deadline)
        } catch {
            throw told(error)
        }
    }

    /// OpenSSH's and libssh's limit, too.
    static let longest = 256 << 10

    private func told(_ error: SSHError) -> SSHError { error == .timedOut ? .agentSilent(path) : error }

    private func write(_ bytes: [UInt8], _ deadline: Deadline) throws(SSHError) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            try deadline.wait(for: POLLOUT, of: fd)
            let count = Array(rest).withUnsafeBytes { send(fd, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count < 0 && errno != EAGAIN && errno != EINTR { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }

    private func read(_ count: Int, _ deadline: Deadline) throws(SSHError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: count)
        while bytes.count < count {
            try deadline.wait(for: POLLIN, of: fd)
            let length = recv(fd, &piece, count - bytes.count, 0)
            if length == 0 || length < 0 && errno != EAGAIN && errno != EINTR { return nil }
            bytes += piece.prefix(max(0, length))
        }
        return bytes
    }
}

extension AgentSocket {
    /// The bytes with their number before them, as the protocol has all its texts.
    static func counted(_ bytes: [UInt8]) -> [UInt8] { number(bytes.count) + bytes }

    static func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        defer { bytes = bytes.dropFirst(4) }
        return bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func text(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let length = number(&bytes), bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return bytes.prefix(length)
    }
}

/// Stands between libssh and ssh-agent. libssh would wait for an agent for ever, and show the host all keys that it
/// holds.
final class AgentRelay: Sendable {
    /// libssh's end of the conversation.
    let fileDescriptor: CInt
    private let end: CInt
    private let failed = Mutex<SSHError?>(nil)
    private let isOver = DispatchSemaphore(value: 0)

    /// Lets libssh see these keys of the agent and no others, until `close`.
    init(to agent: AgentSocket, showing keys: [AgentSocket.Key], _ deadline: Deadline) {
        var ends: [CInt] = [-1, -1]
        socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        (fileDescriptor, end) = (ends[0], ends[1])
        // A thread beside the connection's own, which waits inside libssh meanwhile.
        DispatchQueue(label: "kubeforge.ssh-agent").async { [self] in
            serve(agent, keys, deadline)
            isOver.signal()
        }
    }

    /// Why the agent was given up, if it was.
    var failure: SSHError? { failed.withLock { $0 } }

    /// Afterwards nothing of it is left, the connection to the agent included.
    func close() {
        shutdown(fileDescriptor, CInt(SHUT_RDWR))
        isOver.wait()
        for end in [fileDescriptor, end] { Glibc.close(end) }
    }

    private func serve(_ agent: AgentSocket, _ keys: [AgentSocket.Key], _ deadline: Deadline) {
        do throws(SSHError) {
            while let request = receive() {
                let reply = AgentSocket.counted(try answer(to: request, agent, keys, deadline))
                guard send(end, reply, reply.count, CInt(MSG_NOSIGNAL)) == reply.count else { break }
            }
        } catch {
            failed.withLock { $0 = error }
        }
        // libssh finds the end of the conversation here, and can still write, which would be SIGPIPE after a close.
        shutdown(end, CInt(SHUT_WR))
    }

    /// SSH_AGENTC_REQUEST_IDENTITIES (11) and SSH_AGENTC_SIGN_REQUEST (13); all else is SSH_AGENT_FAILURE (5).
    private func answer(to request: [UInt8], _ agent: AgentSocket, _ keys: [AgentSocket.Key], _ deadline: Deadline)
        throws(SSHError) -> [UInt8]
    {
        switch request.first {
        case 11:
            keys.reduce([12] + AgentSocket.number(keys.count)) {
                $0 + AgentSocket.counted($1.blob) + AgentSocket.counted(Array($1.comment.utf8))
            }
        case 13: try agent.answer(to: request, deadline) ?? [5]
        default: [5]
        }
    }

    private func receive() -> [UInt8]? {
        guard let head = receive(4), case let length = head.reduce(0, { $0 << 8 | Int($1) }),
            length <= AgentSocket.longest
        else {
            return nil
        }
        return receive(length)
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return recv(end, &bytes, count, CInt(MSG_WAITALL)) == count ? bytes : nil
    }
}
