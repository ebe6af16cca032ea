import Logging

/// swift-log's lines, as lines of the log and, with `--verbose`, of standard error.
struct Diagnostics: LogHandler {
    let write: @Sendable (String) -> Void
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    init(_ write: @escaping @Sendable (String) -> Void) { self.write = write }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { write("\(event.level): \(event.message)") }
}
