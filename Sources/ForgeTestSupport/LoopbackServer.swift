import ForgeCore
import Foundation

/// A port of 127.0.0.1 behind which something other than a working sshd is.
package enum LoopbackServer {
    package enum Manner: Sendable {
        /// Connections are accepted by the kernel, and nobody ever says a word.
        case silent
        /// Each connection gets the text, and is closed.
        case says(String)
    }

    package static func running<Result>(_ manner: Manner, _ body: (UInt16) async throws -> Result) async throws -> Result {
        let (listener, port) = try listen()
        if case .says(let text) = manner { Thread.detachNewThread { answer(listener, text) } }
        defer {
            // Wakes the thread that waits in accept, which close does not.
            shutdown(listener, CInt(SHUT_RDWR))
            close(listener)
        }
        return try await body(port)
    }

    /// A port that nobody listens on at this moment.
    package static func freePort() throws -> UInt16 {
        let (listener, port) = try listen()
        close(listener)
        return port
    }

    private static func listen() throws -> (CInt, UInt16) {
        let fd = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = IPv4Address("127.0.0.1")!.bits.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, length) == 0 && Glibc.listen(fd, 16) == 0 && getsockname(fd, $0, &length) == 0
            }
        }
        guard code else { throw Problem(what: "127.0.0.1 has no free port", why: String(cString: strerror(errno))) }
        return (fd, UInt16(bigEndian: name.sin_port))
    }

    private static func answer(_ listener: CInt, _ text: String) {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            _ = text.withCString { write(connection, $0, strlen($0)) }
            shutdown(connection, CInt(SHUT_WR))
            close(connection)
        }
    }
}
