import ForgePlan
import Synchronization

/// Nobody listens.
struct Silence: Reporter {
    func report(_ event: Event) {}
}

/// Keeps notes and tables of mistakes.
final class Notes: Reporter {
    private let kept = Mutex<[String]>([])

    private let counted = Mutex<[ConfusionMatrix]>([])

    var all: [String] { kept.withLock { $0 } }

    var matrices: [ConfusionMatrix] { counted.withLock { $0 } }

    func report(_ event: Event) {
        if case .note(let text) = event { kept.withLock { $0.append(text) } }
        if case .confusion(let matrix) = event { counted.withLock { $0.append(matrix) } }
    }
}
