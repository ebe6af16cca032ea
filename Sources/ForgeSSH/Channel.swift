internal import CLibSSH
import ForgeCore

/// Owns an `ssh_channel`, and lends its callbacks a `ChannelOutput`.
struct Channel: ~Copyable {
    private let pointer: ssh_channel
    private let callbacks: UnsafeMutablePointer<ssh_channel_callbacks_struct>
    let received: ChannelOutput

    /// A channel that is not open yet.
    init(of session: borrowing Session, _ received: ChannelOutput) throws(SSHError) {
        guard session.isConnected, let pointer = ssh_channel_new(session.pointer) else {
            throw .lost(session.lastError)
        }
        self.pointer = pointer
        self.received = received
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(to: Self.callbacks(for: received))
        ssh_set_channel_callbacks(pointer, callbacks)
    }

    deinit {
        // libssh keeps the channel until the host has closed it, too, and would go on to call back.
        ssh_remove_channel_callbacks(pointer, callbacks)
        ssh_channel_free(pointer)
        callbacks.deallocate()
    }

    borrowing func open(_ session: borrowing Session, _ deadline: Deadline) throws(SSHError) {
        while true {
            switch ssh_channel_open_session(pointer) {
            case SSH_OK: return
            case SSH_AGAIN: try session.wait(deadline)
            default: throw session.isConnected ? .sessionRefused(session.lastError) : .lost(session.lastError)
            }
        }
    }

    /// Asks for the line to be run. False as long as the host has not said yes; then it is to be called again, with the
    /// same line.
    borrowing func requestExec(_ line: String, _ session: borrowing Session) throws(SSHError) -> Bool {
        switch ssh_channel_request_exec(pointer, line) {
        case SSH_OK: return true
        case SSH_AGAIN: return false
        default: throw session.isConnected ? .sessionRefused(session.lastError) : .lost(session.lastError)
        }
    }

    /// How many of the bytes were taken: as many as the host's window has room for.
    borrowing func write(_ bytes: UnsafeRawBufferPointer, _ session: borrowing Session) throws(SSHError) -> Int {
        let count = ssh_channel_write(pointer, bytes.baseAddress, UInt32(bytes.count))
        // A program that has ended no longer reads, which is its right.
        if count < 0 && received.isClosed { return bytes.count }
        guard count >= 0 else { throw .lost(session.lastError) }
        return Int(count)
    }

    var hasRoom: Bool { ssh_channel_window_size(pointer) > 0 }

    borrowing func sendEnd() { ssh_channel_send_eof(pointer) }
}

extension Channel {
    private static func callbacks(for received: ChannelOutput) -> ssh_channel_callbacks_struct {
        var callbacks = ssh_channel_callbacks_struct()
        // What the macro ssh_callbacks_init does, which Swift cannot see.
        callbacks.size = MemoryLayout<ssh_channel_callbacks_struct>.size
        callbacks.userdata = Unmanaged.passUnretained(received).toOpaque()
        callbacks.channel_data_function = { _, _, bytes, count, isError, received in
            Self.received(received).take(
                UnsafeRawBufferPointer(start: bytes, count: Int(count)),
                from: isError == 0 ? .standardOutput : .standardError)
            return CInt(count)
        }
        callbacks.channel_close_function = { _, _, received in Self.received(received).isClosed = true }
        callbacks.channel_exit_status_function = { _, _, status, received in
            Self.received(received).exit = .code(Int(status))
        }
        callbacks.channel_exit_signal_function = { _, _, signal, _, _, _, received in
            Self.received(received).exit = .signal(signal.map { String(cString: $0) } ?? "unknown")
        }
        return callbacks
    }

    private static func received(_ pointer: UnsafeMutableRawPointer?) -> ChannelOutput {
        Unmanaged<ChannelOutput>.fromOpaque(pointer!).takeUnretainedValue()
    }
}

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
