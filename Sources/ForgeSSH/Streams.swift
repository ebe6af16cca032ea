import ForgeCore
import Glibc

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
        if isTooMuch { throw .localFile(path, reason: "more came than it may hold") }
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
