/// Something that runs commands on one host: SSH in earnest, a script in tests.
package protocol Transport: Sendable {
    /// Runs the command to its end. A command that fails is an `Output`; a connection that fails is thrown, as a
    /// `Problem`.
    /// Lines arrive while it runs, in order. A cancelled task stops waiting; the remote program may go on until its
    /// time limit.
    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output

    /// What has gone over the wire so far.
    var traffic: Traffic { get async }

    /// Ends the connection; calling it again does nothing.
    func close() async
}

extension Transport {
    /// The output at the end alone: nobody hears of its lines while the command runs.
    package func run(_ command: Command) async throws -> Output { try await run(command) { _ in } }
}

/// What a connection cost. Round trips count the commands run; payload bytes are those of standard input and of both
/// output streams.
package struct Traffic: Sendable, Hashable {
    /// Commands run; one for a whole script of questions.
    package var roundTrips: Int
    /// What commands read on their standard input.
    package var bytesSent: Int
    /// What commands printed on both streams.
    package var bytesReceived: Int

    package init(roundTrips: Int = 0, bytesSent: Int = 0, bytesReceived: Int = 0) {
        self.roundTrips = roundTrips
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
    }
}

/// What a command left behind.
package struct Output: Sendable, Hashable {
    /// At most `captureLimit` bytes of each stream are kept; what is beyond is dropped, so programs that print more
    /// write to a file.
    package static let captureLimit = 64 << 20

    /// Empty when the command's output went to a file.
    package var standardOutput: [UInt8]
    /// What programs print for people; kubeforge reads it only to tell why something failed.
    package var standardError: [UInt8]
    /// How the program ended, as the host said it.
    package var exit: Exit

    package init(standardOutput: [UInt8] = [], standardError: [UInt8] = [], exit: Exit = .code(0)) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.exit = exit
    }

    /// How a program ended.
    package enum Exit: Sendable, Hashable {
        case code(Int)
        /// The name without SIG, as the SSH protocol says it: `KILL`, `TERM`.
        case signal(String)
        /// The connection ended before the host said.
        case unknown
    }

    /// Whether it ended by itself, with exit code 0.
    package var isSuccess: Bool { exit == .code(0) }

    /// Standard output as UTF-8; bytes that are none become U+FFFD.
    package var text: String { String(decoding: standardOutput, as: UTF8.self) }

    /// Standard error as UTF-8; bytes that are none become U+FFFD.
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
    /// Which of its streams a program printed to, as logs and JSON lines name it.
    package enum Stream: String, Sendable {
        case standardOutput = "stdout"
        case standardError = "stderr"
    }

    /// Lines of one stream come in their order; between two streams that is not certain.
    package let stream: Stream
    /// Without its newline; it may hold control characters.
    package let text: String

    package init(stream: Stream, text: String) {
        self.stream = stream
        self.text = text
    }
}

/// Turns chunks of bytes into lines. It splits bytes, not text: a chunk may end inside a UTF-8 character.
package struct LineSplitter: Sendable {
    /// A line longer than this is given out in pieces, so that a program that never prints a newline cannot fill the
    /// memory.
    private static let longest = 1 << 20
    private var rest: [UInt8] = []

    package init() {}

    /// Calls `body` for each line that is complete now, without its newline and a carriage return before that.
    package mutating func add(_ bytes: some Sequence<UInt8>, _ body: (String) -> Void) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || rest.count == Self.longest { give(body) }
            if byte != UInt8(ascii: "\n") { rest.append(byte) }
        }
    }

    /// The last line, when the stream ended without a newline.
    package mutating func finish(_ body: (String) -> Void) {
        if !rest.isEmpty { give(body) }
    }

    private mutating func give(_ body: (String) -> Void) {
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        body(String(decoding: rest, as: UTF8.self))
        rest.removeAll(keepingCapacity: true)
    }
}
