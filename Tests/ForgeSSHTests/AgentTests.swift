import ForgeTestSupport
import Foundation
import Glibc
import Testing

@testable import ForgeSSH

/// With an agent that is nothing but the other end of the connection.
@Suite("A conversation with ssh-agent")
struct AgentTests {
    private func deadline() -> Deadline {
        let wakeup = WakeupPipe()
        return Deadline(for: .seconds(600), Cancellation(wakeup), wakeup)
    }

    /// The body closes the agent's end.
    private func talking(_ body: (_ agent: AgentSocket, _ end: CInt) throws -> Void) async throws {
        try await TemporaryDirectory.during { directory in
            let path = directory.path("agent")
            let listener = try Self.listener(path)
            defer { close(listener) }
            let agent = try AgentSocket(at: path, deadline())
            try body(try #require(agent), accept(listener, nil, nil))
        }
    }

    private static func listener(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
        }
        try #require(isBound)
        try #require(listen(descriptor, 1) == 0)
        return descriptor
    }

    private static func say(_ bytes: [UInt8], on end: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Array(rest).withUnsafeBytes { send(end, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func hear(_ count: Int, on end: CInt) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let length = recv(end, &bytes, count, CInt(MSG_WAITALL))
        return length == count ? bytes : nil
    }

    @Test("is over when the agent hangs up, before it was asked or in the middle of its answer")
    func hangsUp() async throws {
        try await talking { agent, end in
            close(end)
            let answer = try agent.answer(to: [11], deadline())
            #expect(answer == nil)
        }
        try await talking { agent, end in
            defer { close(end) }
            Self.say([0, 0, 0, 9, 12, 0], on: end)
            shutdown(end, CInt(SHUT_WR))
            let answer = try agent.answer(to: [11], deadline())
            #expect(answer == nil)
        }
    }

    @Test("takes an answer of 256 KiB, and none that is longer", arguments: [(262_144, true), (262_145, false)])
    func longest(length: Int, isTaken: Bool) async throws {
        try await talking { agent, end in
            let answer = AgentSocket.number(length) + [UInt8](repeating: 7, count: length)
            Thread.detachNewThread {
                Self.say(answer, on: end)
                close(end)
            }
            let count = try agent.answer(to: [11], deadline())?.count
            #expect(count == (isTaken ? length : nil))
        }
    }

    @Test("names keys as far as they are whole, and no more of them than it says that there are")
    func keys() {
        let key: [UInt8] = [0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 65]
        let one = [AgentSocket.Key(blob: [7, 8], comment: "A")]
        let (head, heads): ([UInt8], [UInt8]) = ([12, 0, 0, 0, 1], [12, 0, 0, 0, 2])
        #expect(AgentSocket.keys(in: head + key + key) == one)
        #expect(AgentSocket.keys(in: heads + key + Array(key.dropLast())) == one)
        #expect(AgentSocket.keys(in: head + Array(key.prefix(3))) == [])
        #expect(AgentSocket.keys(in: [12, 0, 0, 1]) == [])
        #expect(AgentSocket.keys(in: [5, 0, 0, 0, 1] + key) == [])
        #expect(AgentSocket.keys(in: []) == [])
        #expect(AgentSocket.number(0x0102_0304) == [1, 2, 3, 4])
    }

    @Test("is passed on with the keys that may be seen and what the agent signs, and with nothing else")
    func relay() async throws {
        try await talking { agent, end in
            let relay = AgentRelay(to: agent, showing: [.init(blob: [7, 8], comment: "A")], deadline())
            defer { relay.close() }
            func answer(to request: [UInt8]) -> [UInt8] {
                Self.say(AgentSocket.number(request.count) + request, on: relay.fileDescriptor)
                guard let head = Self.hear(4, on: relay.fileDescriptor) else { return [] }
                return Self.hear(Int(head[3]), on: relay.fileDescriptor) ?? []
            }
            #expect(answer(to: [11]) == [12, 0, 0, 0, 1, 0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 65])
            // Another key is not added.
            #expect(answer(to: [17, 1, 2]) == [5])
            #expect(answer(to: [UInt8](repeating: 17, count: 262_144)) == [5])
            Self.say([0, 0, 0, 2, 14, 9], on: end)
            #expect(answer(to: [13, 1]) == [14, 9])
            // The agent ends.
            close(end)
            #expect(answer(to: [13, 1]) == [5])
            Self.say(AgentSocket.number(262_145), on: relay.fileDescriptor)
            #expect(Self.hear(4, on: relay.fileDescriptor) == nil)
        }
    }
}
