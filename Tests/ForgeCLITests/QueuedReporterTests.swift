import ForgeCLI
import ForgeCore
import ForgePlan
import Foundation
import Synchronization
import Testing

@Suite("A reporter that may stand still")
struct QueuedReporterTests {
    private func line(_ number: Int) -> Event {
        .output(host: "a", OutputLine(stream: .standardOutput, text: "\(number)"))
    }

    @Test(
        """
        is waited for by nobody who reports; lines beyond its room are dropped and counted, everything else is kept in \
        order
        """
    )
    func standsStill() {
        let (began, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let witness = Witness { event in
            if case .note("first") = event {
                began.signal()
                goOn.wait()
            }
        }
        let lines = Lines()
        let queued = QueuedReporter(CompositeReporter([witness, lines]), room: 3)
        queued.report(.note("first"))
        began.wait()
        // The terminal stands still now.
        for number in 1...5 { queued.report(line(number)) }
        queued.report(.note("last"))
        goOn.signal()
        queued.finish()
        #expect(lines.all == ["1", "2", "3"])
        #expect(witness.notes == ["first", "last", "2 lines are not shown: the output stood still; the log has them"])
    }

    @Test("draws what goes on by itself on that thread: no task waits for a terminal")
    func draws() throws {
        let writes = Writes()
        let queued = QueuedReporter(ScreenReporter(.init(action: "provision"), try writes.terminal()), pause: 0.01)
        queued.report(.stepBegan(host: "a", title: "swap is off"))
        for _ in 1...30 { #expect(writes.next(), "it is drawn again without an event") }
        queued.report(.summary(Summary(outcome: .ok)))
        queued.finish()
        #expect(writes.threads.count == 1)
    }

    @Test("is not waited for by who names the hosts")
    func names() throws {
        let (writes, goOn, named) = (Writes(), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let screen = ScreenReporter(.init(action: "provision"), try writes.terminal { goOn.wait() })
        let queued = QueuedReporter(screen)
        queued.report(.note("a"))
        #expect(writes.next())
        // The terminal stands still now.
        Thread.detachNewThread {
            screen.expect(["a"])
            named.signal()
        }
        #expect(named.wait(timeout: .now() + 20) == .success)
        goOn.signal()
        queued.finish()
    }

    @Test("has written all at the end, also when it ends at once")
    func finishes() {
        let witness = Witness()
        let queued = QueuedReporter(witness)
        for number in 0..<100 { queued.report(.note("\(number)")) }
        queued.finish()
        queued.finish()
        #expect(witness.notes == (0..<100).map(String.init))
        QueuedReporter(Witness()).finish()
    }
}

private final class Lines: Reporter {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func report(_ event: Event) { if case .output(_, let line) = event { lines.withLock { $0.append(line.text) } } }
}

/// A terminal that tells of each write, and on which threads these are.
private final class Writes: Sendable {
    private let seen = Mutex<Set<UInt>>([])
    private let count = DispatchSemaphore(value: 0)

    var threads: Set<UInt> { seen.withLock { $0 } }

    /// False when none came in time.
    func next() -> Bool { count.wait(timeout: .now() + 20) == .success }

    func terminal(_ body: @escaping @Sendable () -> Void = {}) throws -> ProcessEnvironment {
        var surroundings = try Scene().surroundings(terminal: .init(columns: 70, rows: 20))
        surroundings.progress.write = { _ in
            self.seen.withLock { _ = $0.insert(UInt(pthread_self())) }
            self.count.signal()
            body()
        }
        return surroundings
    }
}
