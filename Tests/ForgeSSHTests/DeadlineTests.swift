import Glibc
import Testing

@testable import ForgeSSH

@Suite("A deadline")
struct DeadlineTests {
    @Test("is told to the kernel in milliseconds, and a moment as one of them")
    func milliseconds() throws {
        let wakeup = WakeupPipe()
        let deadline = Deadline(for: .seconds(600), Cancellation(wakeup), wakeup)
        #expect(try deadline.milliseconds(atMost: .seconds(2)) == 2000)
        #expect(try deadline.milliseconds(atMost: .milliseconds(1500)) == 1500)
        #expect(try deadline.milliseconds(atMost: .microseconds(10)) == 1)
        let rest = try deadline.milliseconds(atMost: .seconds(3600))
        #expect(rest > 1500 && rest <= 600_000)
    }

    @Test("that is over says so, and a cancellation comes first")
    func over() {
        let wakeup = WakeupPipe()
        let cancellation = Cancellation(wakeup)
        let deadline = Deadline(for: .zero, cancellation, wakeup)
        #expect(throws: SSHError.timedOut) { try deadline.check() }
        cancellation.cancel()
        #expect(throws: SSHError.cancelled) { try deadline.check() }
    }

    @Test("is waited for where nothing but a wakeup comes")
    func woken() throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (quiet, other) = (ends[0], ends[1])
        defer { for end in [quiet, other] { close(end) } }
        let wakeup = WakeupPipe()
        let deadline = Deadline(for: .milliseconds(50), Cancellation(wakeup), wakeup)
        wakeup.ring()
        #expect(throws: SSHError.timedOut) { try deadline.wait(for: POLLIN, of: quiet) }
    }

    @Test("has no wakeup any more when that is closed")
    func closed() {
        let wakeup = WakeupPipe()
        #expect(wakeup.fileDescriptor >= 0)
        wakeup.close()
        wakeup.ring()
        #expect(wakeup.fileDescriptor == -1)
    }
}
