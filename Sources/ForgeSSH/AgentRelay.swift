import Dispatch
import Glibc
import Synchronization

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
