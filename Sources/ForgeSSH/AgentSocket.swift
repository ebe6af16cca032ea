import Glibc

/// A connection to ssh-agent. It is ours rather than libssh's, which would keep it open as long as the session.
struct AgentSocket: ~Copyable {
    let fileDescriptor: CInt

    /// nil when nobody answers there.
    init?(at path: String) {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: name.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let fd = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = withUnsafePointer(to: &name) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, length) } }
        guard fd >= 0, code == 0 else {
            close(fd)
            return nil
        }
        fileDescriptor = fd
    }

    deinit { close(fileDescriptor) }

    /// The comments of the keys that it holds, for messages; empty when it holds none, or does not answer as an agent does.
    /// The protocol: draft-miller-ssh-agent, SSH_AGENTC_REQUEST_IDENTITIES (11) and SSH_AGENT_IDENTITIES_ANSWER (12).
    borrowing func keys() -> [String] {
        let request: [UInt8] = [0, 0, 0, 1, 11]
        guard write(fileDescriptor, request, request.count) == request.count, let length = number(in: receive(4)[...]), length < 1 << 20
        else { return [] }
        var answer = receive(length)[...]
        guard answer.popFirst() == 12, let count = number(in: answer) else { return [] }
        answer = answer.dropFirst(4)
        var comments: [String] = []
        for _ in 0..<count {
            guard text(&answer) != nil, let comment = text(&answer) else { break }
            comments.append(String(decoding: comment, as: UTF8.self))
        }
        return comments
    }

    private func number(in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.count < 4 ? nil : bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private func text(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let length = number(in: bytes), bytes.count >= 4 + length else { return nil }
        defer { bytes = bytes.dropFirst(4 + length) }
        return bytes.dropFirst(4).prefix(length)
    }

    private func receive(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let length = recv(fileDescriptor, &bytes, count, CInt(MSG_WAITALL))
        return Array(bytes.prefix(max(0, length)))
    }
}
