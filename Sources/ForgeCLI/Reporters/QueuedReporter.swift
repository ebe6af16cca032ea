import ForgePlan
import Foundation

/// Hands events to a reporter on a thread of its own, so that who reports never waits for a terminal that stands still.
///
/// While more events wait than there is room for, lines that commands print are dropped, and how many is said;
/// everything else is kept.
package final class QueuedReporter: Reporter, @unchecked Sendable {
    private let reporter: any Reporter
    private let room: Int
    /// Guards what follows.
    private let condition = NSCondition()
    private var events: [Event] = []
    private var dropped = 0
    private var isWriting = false
    private var isOver = false

    package init(_ reporter: any Reporter, room: Int = 10_000) {
        self.reporter = reporter
        self.room = room
        Thread.detachNewThread { self.write() }
    }

    /// Returns at once, whatever the reporter behind it does.
    package func report(_ event: Event) {
        condition.lock()
        defer { condition.unlock() }
        if events.count >= room, event.isLine {
            dropped += 1
        } else {
            events.append(event)
        }
        condition.broadcast()
    }

    /// Waits until all is written, and ends the thread.
    package func finish() {
        condition.lock()
        defer { condition.unlock() }
        isOver = true
        condition.broadcast()
        while !events.isEmpty || dropped > 0 || isWriting { condition.wait() }
    }

    private func write() {
        while let batch = next() {
            for event in batch { reporter.report(event) }
        }
    }

    /// What waits, as soon as something does; nil at the end.
    private func next() -> [Event]? {
        condition.lock()
        defer { condition.unlock() }
        isWriting = false
        condition.broadcast()
        while events.isEmpty && dropped == 0 && !isOver { condition.wait() }
        if events.isEmpty && dropped == 0 { return nil }
        var batch = events
        if dropped > 0 {
            batch.append(.note("\(dropped) lines are not shown: the output stood still; the log has them"))
        }
        (events, dropped, isWriting) = ([], 0, true)
        return batch
    }
}

extension Event {
    /// Whether it is a line that a command or a pod printed.
    fileprivate var isLine: Bool {
        switch self {
        case .output, .podLine: true
        default: false
        }
    }
}
