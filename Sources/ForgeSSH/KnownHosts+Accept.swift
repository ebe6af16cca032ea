import ForgeCore
import Glibc
import Synchronization

extension KnownHosts {
    /// Connections to many hosts are made at once, and they share a file.
    private static let writing = Mutex(())

    /// Writes the host's key down. The file is made 0600 and its folder 0700 where they are not there.
    func accept(_ key: HostKey) throws(SSHError) {
        let path = path
        let line = "\(name) \(key.type) \(key.base64)\n"
        let failure = Self.writing.withLock { _ -> LocalFile.Failure? in
            do throws(LocalFile.Failure) {
                try Self.append(line, to: path)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw .knownHosts(failure.reason) }
    }

    private static func append(_ line: String, to path: String) throws(LocalFile.Failure) {
        try LocalFile.makeFolder(path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))
        let fd = try LocalFile.open(path, O_RDWR | O_CREAT | O_APPEND)
        defer { close(fd) }
        flock(fd, LOCK_EX)
        var text = line
        // A last line without a newline would swallow ours.
        if try !endsWithNewline(fd) { text = "\n" + text }
        let failure = text.withUTF8 { bytes -> LocalFile.Failure? in
            do throws(LocalFile.Failure) {
                try LocalFile.write(UnsafeRawBufferPointer(bytes), to: fd)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private static func endsWithNewline(_ fd: CInt) throws(LocalFile.Failure) -> Bool {
        guard lseek(fd, -1, SEEK_END) >= 0 else { return true }
        return try LocalFile.read(fd, upTo: 1) == [UInt8(ascii: "\n")]
    }
}
