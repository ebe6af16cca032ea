/// Standard output or standard error, as text goes there.
package struct TextStream: Sendable {
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

    package struct Size: Sendable, Hashable {
        package var columns: Int
        package var rows: Int

        package init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }
}
