/// What a command left behind.
package struct Output: Sendable, Hashable {
    /// At most `captureLimit` bytes of each stream are kept; what is beyond is counted by nobody and lost, so programs
    /// that print more write to a file.
    package static let captureLimit = 64 << 20

    package var standardOutput: [UInt8]
    package var standardError: [UInt8]
    package var exit: Exit

    package init(standardOutput: [UInt8] = [], standardError: [UInt8] = [], exit: Exit = .code(0)) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.exit = exit
    }

    package enum Exit: Sendable, Hashable {
        case code(Int)
        /// The name without SIG, as the SSH protocol says it: `KILL`, `TERM`.
        case signal(String)
        /// The connection ended before the host said.
        case unknown
    }

    package var isSuccess: Bool { exit == .code(0) }

    package var text: String { String(decoding: standardOutput, as: UTF8.self) }

    package var errorText: String { String(decoding: standardError, as: UTF8.self) }

    /// The last line with something in it: of standard error, else of standard output. It is what programs give as
    /// their reason.
    package var lastLine: String? { Self.lastLine(of: errorText) ?? Self.lastLine(of: text) }

    private static func lastLine(of text: String) -> String? {
        text.split(whereSeparator: \.isNewline).map { $0.trimming(while: \.isWhitespace) }.last { !$0.isEmpty }
    }
}

extension StringProtocol {
    /// The text without the characters at both ends that satisfy the predicate.
    package func trimming(while predicate: (Character) -> Bool) -> String {
        guard let first = firstIndex(where: { !predicate($0) }), let last = lastIndex(where: { !predicate($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}

/// One line that a command printed while it ran.
package struct OutputLine: Sendable, Hashable {
    package enum Stream: String, Sendable {
        case standardOutput = "stdout"
        case standardError = "stderr"
    }

    package let stream: Stream
    package let text: String

    package init(stream: Stream, text: String) {
        self.stream = stream
        self.text = text
    }
}
