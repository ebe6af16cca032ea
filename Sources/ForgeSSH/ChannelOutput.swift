import ForgeCore

/// What one channel has brought so far; libssh's callbacks fill it.
final class ChannelOutput {
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    /// Payload bytes of both streams, kept or not.
    private(set) var byteCount = 0
    var exit: Output.Exit?
    var isClosed = false
    private(set) var lastHeard = ContinuousClock.now
    private(set) var failure: SSHError?

    private let onLine: @Sendable (OutputLine) -> Void
    private let file: OutputFile?
    private var outputLines = LineSplitter()
    private var errorLines = LineSplitter()

    /// What the file still takes.
    private var room: Int

    init(_ destination: Command.Destination, fileLimit: Int = .max, onLine: @escaping @Sendable (OutputLine) -> Void)
        throws(SSHError)
    {
        self.onLine = onLine
        room = fileLimit
        file = if case .file(let path) = destination { try OutputFile(path) } else { nil }
    }

    func take(_ bytes: UnsafeRawBufferPointer, from stream: OutputLine.Stream) {
        byteCount += bytes.count
        lastHeard = .now
        switch stream {
        case .standardOutput where file != nil: write(bytes)
        case .standardOutput:
            Self.keep(bytes, in: &output)
            outputLines.add(bytes) { onLine(OutputLine(stream: .standardOutput, text: $0)) }
        case .standardError:
            Self.keep(bytes, in: &errors)
            errorLines.add(bytes) { onLine(OutputLine(stream: .standardError, text: $0)) }
        }
    }

    /// Everything, when no more will come.
    func finish() -> Output {
        outputLines.finish { onLine(OutputLine(stream: .standardOutput, text: $0)) }
        errorLines.finish { onLine(OutputLine(stream: .standardError, text: $0)) }
        return Output(standardOutput: output, standardError: errors, exit: exit ?? .unknown)
    }

    /// A program that leaves a child behind with its output open would never be over: its exit counts, once nothing has
    /// come for a while.
    func isOver(quietFor silence: Duration) -> Bool {
        isClosed || exit != nil && .now - lastHeard > silence
    }

    private func write(_ bytes: UnsafeRawBufferPointer) {
        if failure != nil { return }
        room -= bytes.count
        do throws(SSHError) { try file?.write(bytes, isTooMuch: room < 0) } catch { failure = error }
    }

    private static func keep(_ bytes: UnsafeRawBufferPointer, in store: inout [UInt8]) {
        store.append(contentsOf: bytes.prefix(Output.captureLimit - store.count))
    }
}
