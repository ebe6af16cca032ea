import ForgeCore
import ForgeTestSupport
import Glibc
import Testing

@testable import ForgeSSH

@Suite("A socket to a host")
struct TCPSocketTests {
    private func deadline() -> Deadline {
        let wakeup = WakeupPipe()
        return Deadline(for: .seconds(600), Cancellation(wakeup), wakeup)
    }

    private func option(_ connection: CInt, _ level: CInt, _ name: CInt) -> Int? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(connection, level, name, &value, &length) == 0 ? Int(value) : nil
    }

    @Test(
        "finds within three keepalives that nobody answers, and holds nothing back",
        arguments: [(20_000, 20), (200, 1)])
    func options(milliseconds: Int, seconds: Int) async throws {
        try await LoopbackServer.running(.silent) { port async throws in
            let host = Host.local(port)
            let connection = try TCPSocket.connect(
                to: host.access, at: host.address, deadline(), keepalive: .milliseconds(milliseconds))
            defer { close(connection) }
            #expect(option(connection, SOL_SOCKET, SO_KEEPALIVE) == 1)
            let tcp = CInt(IPPROTO_TCP)
            #expect(option(connection, tcp, TCP_KEEPIDLE) == seconds)
            #expect(option(connection, tcp, TCP_KEEPINTVL) == seconds)
            #expect(option(connection, tcp, TCP_KEEPCNT) == 3)
            #expect(option(connection, tcp, TCP_USER_TIMEOUT) == seconds * 3000)
            #expect(option(connection, tcp, TCP_NODELAY) == 1)
            // The kernel forgets it.
            var forgotten: CInt = 0
            setsockopt(connection, tcp, TCP_QUICKACK, &forgotten, socklen_t(MemoryLayout<CInt>.size))
            #expect(option(connection, tcp, TCP_QUICKACK) == 0)
            TCPSocket.acknowledgeAtOnce(connection)
            #expect(option(connection, tcp, TCP_QUICKACK) == 1)
        }
    }

    @Test("shows the first line that a host says, and no more than 256 bytes of it")
    func greeting() throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (own, host) = (ends[0], ends[1])
        defer { for end in [own, host] { close(end) } }
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 300) + [13, 10]
        #expect(write(host, bytes, bytes.count) == 302)
        let said = try TCPSocket.greeting(on: own, deadline())
        #expect(said == String(repeating: "x", count: 256))
    }
}

@Suite("A failure on the way to a host")
struct SSHErrorTests {
    @Test(
        "is a missing route or another one of the network's",
        arguments: [
            (EHOSTUNREACH, "kubmaster: no route to 127.0.0.1 port 22"),
            (ENETUNREACH, "kubmaster: no route to 127.0.0.1 port 22"),
            (ECONNREFUSED, "kubmaster: 127.0.0.1 port 22 refuses the connection"),
            (ETIMEDOUT, "kubmaster: 127.0.0.1 port 22 cannot be connected to"),
        ])
    func network(code: CInt, what: String) {
        let problem = Problem(SSHError.network(code), connectingTo: .local(22), .bare)
        #expect(problem.what == what)
    }

    @Test("may be made good by another key file, by another try or by a host that has come up, and mostly by none")
    func kinds() {
        let ofFiles: [SSHError] = [
            .keyMissing("k"), .keyUnreadable("k", reason: "r"), .keyTooOpen("k", mode: 0o644),
            .keyNeedsPassphrase("k", .noAgent), .notAKey("k"),
        ]
        let ofOthers: [SSHError] = [
            .lost("r"), .timedOut, .cancelled, .secondFactor(key: ["k"], wanted: ["password"]), .tooManyKeys("r"),
            .handshake("no algorithm"), .loginEnded("r", said: "Back at noon."),
        ]
        let ofTheMoment: [SSHError] = [.closedBeforeBanner(said: ""), .handshake("Socket error: disconnected")]
        let booting = SSHError.loginEnded("r", said: "System is booting up. Come back later.")
        for error in ofFiles { #expect(error.isAboutAKeyFile) }
        for error in ofOthers + ofTheMoment + [booting] { #expect(!error.isAboutAKeyFile) }
        for error in ofTheMoment { #expect(error.endsTheConnection) }
        for error in ofFiles + ofOthers + [booting] { #expect(!error.endsTheConnection) }
        #expect(booting.isOfABootingHost)
        for error in ofFiles + ofOthers + ofTheMoment { #expect(!error.isOfABootingHost) }
    }
}
