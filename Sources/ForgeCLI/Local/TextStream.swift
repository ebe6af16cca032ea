import Glibc
import Synchronization

/// Standard output or standard error, as text goes there.
package struct TextStream: Sendable {
    /// Whether lines may be overwritten and coloured there.
    package var isTerminal: Bool
    /// Width and height of the terminal, now; nil where there is none and nothing is to be cut.
    package var size: @Sendable () -> Size?
    /// Unbuffered; what cannot be written is lost (`kubeforge plan | head` closes the pipe early).
    package var write: @Sendable (String) -> Void

    package init(
        isTerminal: Bool, size: @escaping @Sendable () -> Size? = { nil }, write: @escaping @Sendable (String) -> Void
    ) {
        self.isTerminal = isTerminal
        self.size = size
        self.write = write
    }

    /// The size of a terminal, in characters.
    package struct Size: Sendable, Hashable {
        /// More than 0.
        package var columns: Int
        /// 0 where the terminal does not say.
        package var rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }
}

extension TextStream {
    /// The stream of a file descriptor: 1 is standard output, 2 standard error.
    static func descriptor(_ number: Int32, onFailure failure: OutputFailure? = nil) -> TextStream {
        TextStream(
            isTerminal: isatty(number) == 1, size: { size(of: number) },
            write: { if !writeAll($0, to: number) { failure?.happened() } })
    }

    private static func size(of number: Int32) -> Size? {
        var size = winsize()
        guard ioctl(number, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}

/// Writes all of the text; false when the other end is gone or the disk is full. Another program may have made a shared
/// terminal or pipe non-blocking: a full one is waited for.
@discardableResult
func writeAll(_ text: String, to descriptor: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        if written < 0 && errno == EAGAIN {
            var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&place, 1, -1)
            continue
        }
        guard written > 0 else { return false }
        rest = rest.dropFirst(written)
    }
    return true
}

/// What is done, once, when standard output or standard error cannot be written any longer:
/// `kubeforge logs --follow | head`.
final class OutputFailure: Sendable {
    private struct State {
        var body: (@Sendable () -> Void)?
        var hasHappened = false
    }

    private let state = Mutex(State())

    /// Whether something was lost: a run that did all of its work, and could not tell it, has not ended well.
    var hasHappened: Bool { state.withLock(\.hasHappened) }

    func onFailure(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.body = body } }

    func happened() {
        let body = state.withLock { state in
            defer { state = State(body: nil, hasHappened: true) }
            return state.body
        }
        body?()
    }
}

/// The descriptors 0, 1 and 2.
package enum StandardStreams {
    /// A file that is opened would get the number of one that is closed (`kubeforge plan 2>&-`), and what is meant for
    /// people. What is written to standard error goes nowhere then; to standard output it fails, as it did.
    package static func keepTaken() {
        for (number, flags) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            // The lowest that is free.
            _ = open("/dev/null", flags)
        }
    }
}
