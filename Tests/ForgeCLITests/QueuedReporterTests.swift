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
        "is waited for by nobody who reports; lines beyond its room are dropped and counted, everything else is kept in order"
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
