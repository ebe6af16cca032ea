/// One of the two streams, with what a terminal adds to it.
struct TextPrinter: Sendable {
    let stream: TextStream
    /// Whether this is standard error.
    let isProgress: Bool
    let style: TextStyle
    /// Whether lines can be taken off again.
    let isLive: Bool

    init(_ stream: TextStream, isProgress: Bool, hasColour: Bool, isDumb: Bool) {
        self.stream = stream
        self.isProgress = isProgress
        style = TextStyle(isOn: hasColour && stream.isTerminal && !isDumb)
        isLive = stream.isTerminal && !isDumb
    }

    /// nil where nothing is to be cut.
    var columns: Int? { stream.isTerminal ? stream.size()?.columns : nil }
}
