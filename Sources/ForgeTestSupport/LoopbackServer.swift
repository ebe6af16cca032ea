import ForgeCore
import Foundation

/// A port of 127.0.0.1 behind which something other than a working sshd is.
package enum LoopbackServer {
    package enum Manner: Sendable {
        /// Connections are accepted by the kernel, and nobody ever says a word.
        case silent
        /// Each connection gets the text, and is closed.
        case says(String)
        /// As `says`, with a text of each connection's own.
        case greets(@Sendable () -> String)
        /// Each request of HTTP gets the answer to its path; connections are kept.
        case answers(@Sendable (_ path: String) -> (status: Int, body: String))
    }

    package static func running<Result>(_ manner: Manner, _ body: (UInt16) async throws -> Result) async throws
        -> Result
    {
        let (listener, port) = try listen()
        switch manner {
        case .silent: break
        case .says(let text): Thread.detachNewThread { each(listener) { say(text, on: $0) } }
        case .greets(let text): Thread.detachNewThread { each(listener) { say(text(), on: $0) } }
        case .answers(let answer):
            Thread.detachNewThread { each(listener) { one in Thread.detachNewThread { converse(answer, on: one) } } }
        }
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

    /// An address of the loopback interface at which nobody listens on this port at this moment: for programs whose
    /// port is always the same. Chosen by chance out of many, so that two runs of the tests do not choose the same.
    package static func freeAddress(port: UInt16) throws -> String {
        for _ in 0..<100 {
            let address = "127.83.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254))"
            if let (listener, _) = try? listen(address, port) {
                close(listener)
                return address
            }
        }
        throw Problem(what: "no address of the loopback interface has port \(port) free")
    }

    private static func listen(_ address: String = "127.0.0.1", _ port: UInt16 = 0) throws -> (CInt, UInt16) {
        let fd = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = IPv4Address(address)!.bits.bigEndian
        name.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, length) == 0 && Glibc.listen(fd, 16) == 0 && getsockname(fd, $0, &length) == 0
            }
        }
        guard code else {
            let reason = String(cString: strerror(errno))
            close(fd)
            throw Problem(what: "\(address) has no free port", why: reason)
        }
        return (fd, UInt16(bigEndian: name.sin_port))
    }

    private static func each(_ listener: CInt, _ body: (CInt) -> Void) {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            body(connection)
        }
    }

    private static func say(_ text: String, on connection: CInt) {
        _ = text.withCString { write(connection, $0, strlen($0)) }
        shutdown(connection, CInt(SHUT_WR))
        close(connection)
    }

    /// Requests without a body, one after the other, until the client has no more.
    private static func converse(_ answer: (String) -> (status: Int, body: String), on connection: CInt) {
        defer { close(connection) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        var request = ""
        while case let count = read(connection, &buffer, buffer.count), count > 0 {
            request += String(decoding: buffer[..<count], as: UTF8.self)
            guard request.hasSuffix("\r\n\r\n") else { continue }
            let (status, body) = answer(String(request.split(separator: " ")[1]))
            let text = "HTTP/1.1 \(status) -\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            // A client that is killed while it is answered is no reason to end the test with SIGPIPE.
            guard text.withCString({ send(connection, $0, strlen($0), CInt(MSG_NOSIGNAL)) }) > 0 else { return }
            request = ""
        }
    }
}
