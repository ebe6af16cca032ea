import ForgeCore
import Glibc

extension Session {
    /// Runs one command to its end on a channel of its own. Everything the host says is in `received`, also when this
    /// throws.
    ///
    /// The input follows the request at once: waiting for the host's yes would cost a round trip for each command.
    borrowing func run(
        _ line: String, reading input: consuming InputStream, into received: ChannelOutput, sent: inout Int,
        _ deadline: Deadline
    ) throws(SSHError) {
        let channel = try openChannel(received, deadline)
        // A busy computer may find the channel open without having waited for it: what was cancelled meanwhile must not
        // start.
        try deadline.check()
        var requestExec = try channel.requestExec(line, self)
        var isFed = false
        while !received.isOver(quietFor: Self.silence) {
            if !isFed { isFed = try feed(channel, &input, &sent) }
            try wait(deadline, atMost: received.exit == nil ? .seconds(3600) : Self.silence)
            if !requestExec { requestExec = try channel.requestExec(line, self) }
            if let failure = received.failure { throw failure }
        }
    }

    /// A host that allows one session at a time may not have noticed yet that the last one is over; a moment later it
    /// has.
    private borrowing func openChannel(_ received: ChannelOutput, _ deadline: Deadline) throws(SSHError) -> Channel {
        var attempt = 1
        while true {
            do throws(SSHError) {
                let channel = try Channel(of: self, received)
                try channel.open(self, deadline)
                return channel
            } catch .sessionRefused where attempt < 5 {
                attempt += 1
                try wait(deadline, atMost: .milliseconds(20))
            }
        }
    }

    /// How long a program that has ended may still be printing.
    private static let silence = Duration.seconds(2)

    /// Sends what there is room for; true when all is sent.
    private borrowing func feed(_ channel: borrowing Channel, _ input: inout InputStream, _ sent: inout Int)
        throws(SSHError) -> Bool
    {
        guard !channel.received.isClosed else { return true }
        while isWritable && channel.hasRoom {
            var count = 0
            let isMore = try input.next { bytes throws(SSHError) in
                count = try channel.write(bytes, self)
                return count
            }
            sent += count
            if !isMore {
                channel.sendEnd()
                return true
            }
        }
        return false
    }
}

/// A file on the operator's machine that a command's standard output goes to.
struct OutputFile: ~Copyable {
    private let path: String
    private let fd: CInt

    init(_ path: String) throws(SSHError) {
        do throws(LocalFile.Failure) { fd = try LocalFile.open(path, O_WRONLY | O_CREAT | O_TRUNC) } catch {
            throw .localFile(path, reason: error.reason)
        }
        self.path = path
    }

    deinit { close(fd) }

    borrowing func write(_ bytes: UnsafeRawBufferPointer, isTooMuch: Bool) throws(SSHError) {
        if isTooMuch { throw .localFile(path, reason: "more arrived than it may hold") }
        do throws(LocalFile.Failure) { try LocalFile.write(bytes, to: fd) } catch {
            throw .localFile(path, reason: error.reason)
        }
    }
}

/// What a command reads, piece by piece.
struct InputStream: ~Copyable {
    /// The size that kept the pipe full where it was measured: 200 MB at OpenSSH's pace, also at 20 ms.
    private static let pieceSize = 256 << 10
    private var piece: ArraySlice<UInt8>
    private let path: String
    /// -1 when everything is in `piece`.
    private let fd: CInt

    init(_ input: Command.Input) throws(SSHError) {
        switch input {
        case .none: (piece, path, fd) = ([], "", -1)
        case .bytes(let bytes), .secret(let bytes): (piece, path, fd) = (bytes[...], "", -1)
        case .file(let file):
            (piece, path) = ([], file)
            do throws(LocalFile.Failure) { fd = try LocalFile.open(file, O_RDONLY) } catch {
                throw .localFile(file, reason: error.reason)
            }
        }
    }

    deinit { if fd >= 0 { close(fd) } }

    /// Gives the next piece away; `send` says how many bytes of it were taken. False at the end.
    mutating func next(_ send: (UnsafeRawBufferPointer) throws(SSHError) -> Int) throws(SSHError) -> Bool {
        if piece.isEmpty && fd >= 0 {
            do throws(LocalFile.Failure) { piece = try LocalFile.read(fd, upTo: Self.pieceSize)[...] } catch {
                throw .localFile(path, reason: error.reason)
            }
        }
        if piece.isEmpty { return false }
        let result = piece.prefix(Self.pieceSize).withUnsafeBytes { bytes -> Result<Int, SSHError> in
            do throws(SSHError) { return .success(try send(bytes)) } catch { return .failure(error) }
        }
        piece = piece.dropFirst(try result.get())
        return true
    }
}
