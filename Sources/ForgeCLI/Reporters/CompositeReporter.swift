import ForgeCore
import ForgePlan
import Foundation

/// Hands each event to several reporters, in their order.
package struct CompositeReporter: Reporter {
    private let reporters: [any Reporter]

    package init(_ reporters: [any Reporter]) { self.reporters = reporters }

    /// Returns when the last of the reporters has.
    package func report(_ event: Event) {
        for reporter in reporters { reporter.report(event) }
    }
}

/// Removes from all events what nobody may read later, then passes them on: problems and differences quote what
/// programs print.
package struct RedactingReporter: Reporter {
    private let reporter: any Reporter

    package init(_ reporter: any Reporter) { self.reporter = reporter }

    /// Reports the event with `•••` in place of each bootstrap token of kubeadm's.
    package func report(_ event: Event) {
        reporter.report(event.mapTexts(\.withoutTokens))
    }
}

extension String {
    /// kubeadm prints its bootstrap tokens (`abcdef.0123456789abcdef`) without being asked.
    var withoutTokens: String {
        guard contains(".") else { return self }
        return replacing(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/, with: "•••")
    }
}

/// A reporter whose drawing changes by itself, such as the seconds of a step.
package protocol LiveReporter: Reporter {
    /// Whether something is drawn now that changes by itself.
    var isDrawing: Bool { get }

    /// Draws it as it is now.
    func redraw()
}

/// Hands events to a reporter on a thread of its own, so that whoever reports never waits for a terminal that is
/// blocked; a live one is redrawn on this thread, too.
///
/// While more events wait than there is room for, lines that commands print are dropped, and how many is said;
/// everything else is kept.
package final class QueuedReporter: Reporter, @unchecked Sendable {
    private let reporter: any Reporter
    private let live: (any LiveReporter)?
    private let hasLog: Bool
    private let room: Int
    private let pause: Double
    /// Guards what follows.
    private let condition = NSCondition()
    private var events: [Event] = []
    private var dropped = 0
    private var isWriting = false
    private var isOver = false

    /// `hasLog`: whether a log has the lines that are dropped.
    /// `pause`: seconds between two drawings of a live reporter.
    package init(_ reporter: any Reporter, hasLog: Bool = false, room: Int = 10_000, pause: Double = 0.1) {
        self.reporter = reporter
        live = reporter as? any LiveReporter
        self.hasLog = hasLog
        self.room = room
        self.pause = pause
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
        var due = Date()
        while let batch = next(at: live?.isDrawing == true ? due : nil) {
            for event in batch { reporter.report(event) }
            // Programs print without a pause, too.
            guard let live, live.isDrawing, Date() >= due else { continue }
            live.redraw()
            due = Date().addingTimeInterval(pause)
        }
    }

    /// What waits, as soon as something does, or nothing when it is time to draw; nil at the end.
    private func next(at time: Date?) -> [Event]? {
        condition.lock()
        defer { condition.unlock() }
        isWriting = false
        condition.broadcast()
        while events.isEmpty && dropped == 0 && !isOver {
            guard let time else {
                condition.wait()
                continue
            }
            if !condition.wait(until: time) { break }
        }
        if events.isEmpty && dropped == 0 {
            isWriting = !isOver
            return isOver ? nil : []
        }
        var batch = events
        if dropped > 0 {
            let lines = dropped == 1 ? "1 line is" : "\(dropped) lines are"
            let rest = hasLog ? "; the log has everything" : ""
            batch.append(.note("\(lines) not shown: the output was blocked\(rest)"))
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
