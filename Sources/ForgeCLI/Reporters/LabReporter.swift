import ForgeCore
import ForgeLab
import Foundation

/// What the lab is doing, one line each on standard error.
struct LabReporter: Sendable {
    private let isTerminal = isatty(2) == 1

    func report(_ event: LabProgress.Event) {
        switch event {
        case .began(let title, let usually):
            // Only what takes long is announced; what is done in a moment is told when it is done.
            if let usually { say("  … \(title.readable)   (usually \(usually))") }
        case .said(let detail):
            if isTerminal { sayOver("    \(detail.readable.oneLine.cut(to: 100))") }
        case .warned(let sentence): say("  ! \(sentence.readable)")
        case .ended(let title, let outcome, let seconds):
            say("  \(mark(outcome)) \(title.readable)\(time(outcome, seconds))")
        }
    }

    /// The last line of a verb: what to type next.
    static func next(_ command: String) { FileHandle.standardError.write(Data("next: \(command.readable)\n".utf8)) }

    private func mark(_ outcome: LabProgress.Outcome) -> String {
        switch outcome {
        case .changed: "✓"
        case .unchanged: "·"
        case .failed: "✗"
        }
    }

    private func time(_ outcome: LabProgress.Outcome, _ seconds: Double) -> String {
        guard outcome != .unchanged else { return "" }
        let tenths = Int(seconds * 10, in: .counts)
        return "   \(tenths / 10).\(tenths % 10) s"
    }

    private func say(_ line: String) { write((isTerminal ? "\r\u{1B}[K" : "") + line + "\n") }

    private func sayOver(_ line: String) { write("\r\u{1B}[K" + line) }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
