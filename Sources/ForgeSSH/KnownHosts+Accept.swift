import ForgeCore
import Glibc

extension KnownHosts {
    /// Writes the host's key down; false when somebody else has done so since the file was read.
    /// The file is made 0600 and its folder 0700 where they are not there.
    ///
    /// Connections to many hosts are made at once, and other programs use the file, too: so it is locked, and read
    /// again under the lock.
    /// Two keys of one host, written down by two runs, would both be believed from then on. The line is added to the
    /// file and the file never replaced: ssh adds lines without a lock, which would be lost; owner, mode and links stay
    /// as they are.
    func accept(_ key: HostKey, _ deadline: Deadline) throws(SSHError) -> Bool {
        let fd = try locked(deadline)
        defer { close(fd) }
        let content = try opened { () throws(LocalFile.Failure) in try LocalFile.readAll(fd).bytes }
        if try with(content).knows(key) { return false }
        // A last line without a newline would swallow ours.
        let isOpen = content.last.map { $0 != UInt8(ascii: "\n") } ?? false
        let line = Array("\(isOpen ? "\n" : "")\(name) \(key.type) \(key.base64)\n".utf8)
        try opened { () throws(LocalFile.Failure) in try LocalFile.write(line, to: fd) }
        return true
    }

    /// The file that has the name when it is locked: meanwhile `ssh-keygen -R` may have put another into its place.
    private func locked(_ deadline: Deadline) throws(SSHError) -> CInt {
        while true {
            let fd = try opened { () throws(LocalFile.Failure) in
                try LocalFile.makeFolder(WholeFile.folder(of: path))
                return try LocalFile.openOrMake(path, O_RDWR | O_APPEND)
            }
            do throws(SSHError) { try lock(fd, deadline) } catch {
                close(fd)
                throw error
            }
            if LocalFile.has(path, fd) { return fd }
            close(fd)
        }
    }

    private func lock(_ fd: CInt, _ deadline: Deadline) throws(SSHError) {
        while flock(fd, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw .knownHosts(path, reason: String(cString: strerror(errno)))
            }
            do throws(SSHError) { try deadline.pause(.milliseconds(20)) } catch {
                throw error == .timedOut ? .knownHostsLocked(path) : error
            }
        }
    }

    private func opened<Value>(_ work: () throws(LocalFile.Failure) -> Value) throws(SSHError) -> Value {
        do throws(LocalFile.Failure) { return try work() } catch { throw .knownHosts(path, reason: error.reason) }
    }
}
