import ForgeCore
import ForgePlan

/// What kubectl says of objects: only the API server's own `NotFound` means that one is not there.
enum Presence: Sendable, Hashable {
    case there
    /// What the API server says of each one that it does not have.
    case missing([String])
    /// The last words: refused, timed out, a certificate that has expired. Nothing may be concluded from them.
    case notKnown(String)

    /// `state`: of a `kubectl get` with both of its streams in one.
    init(_ state: CommandState) {
        if state.exitCode == 0 {
            self = .there
            return
        }
        let lines = state.text.split(whereSeparator: \.isNewline).map(String.init)
        let missing = lines.filter { $0.hasPrefix(Self.notFound) }
        let isClear = lines.allSatisfy { $0.hasPrefix(Self.notFound) || $0.hasPrefix("Warning:") || Self.isName($0) }
        if isClear, !missing.isEmpty {
            self = .missing(missing.map { $0.dropFirst(Self.notFound.count).trimming(while: \.isWhitespace) })
        } else {
            let silence = state.exitCode == 124 ? "kubectl got no answer in time" : "kubectl gave no answer"
            self = .notKnown(lines.last ?? silence)
        }
    }

    private static let notFound = "Error from server (NotFound):"

    /// `node/kubmaster`, as `-o name` prints it.
    private static func isName(_ line: String) -> Bool { line.contains("/") && !line.contains(" ") }
}
