import Glibc

/// Files of this computer that are there as a whole or not at all, whenever kubeforge or the power ends: they are
/// written beside their place, and have their name when they are on the disk. On hosts `ShellFunction.place` does so.
package enum WholeFile {
    /// Why it failed, in the system's words.
    package struct Failure: Error, Hashable {
        /// The reason as `strerror` gives it, or what kubeforge knows better: `No space left on device`.
        package let reason: String

        init(_ code: CInt) { reason = String(cString: strerror(code)) }

        init(_ reason: String) { self.reason = reason }
    }

    /// The owner of a file.
    package typealias Owner = (user: uid_t, group: gid_t)

    /// Replaces a file. `mode`: permission bits; nil for those of the file that is there, or what the umask leaves of
    /// 0666.
    package static func write(_ bytes: [UInt8], to path: String, mode: mode_t? = nil, owner: Owner? = nil)
        throws(Failure)
    {
        let new = try write(bytes, beside: path, mode: mode, owner: owner)
        do throws(Failure) { try place(new, at: path) } catch {
            unlink(new)
            throw error
        }
    }

    /// Writes a file with a name that nothing else has, and gives that back. Nobody may read it before all of its mode
    /// and owner are right.
    static func write(_ bytes: [UInt8], beside path: String, mode: mode_t?, owner: Owner? = nil) throws(Failure)
        -> String
    {
        let new = "\(path).kubeforge-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode == nil ? 0o666 : 0o600)
        guard descriptor >= 0 else { throw Failure(errno) }
        defer { close(descriptor) }
        do throws(Failure) {
            if let owner, fchown(descriptor, owner.user, owner.group) != 0 {
                throw Failure("its owner cannot be kept: \(Failure(errno).reason)")
            }
            try fill(descriptor, bytes)
            if let mode = mode ?? Self.mode(of: path), fchmod(descriptor, mode) != 0 { throw Failure(errno) }
        } catch {
            unlink(new)
            throw error
        }
        return new
    }

    /// Gives what was written beside it its real name. Its bytes are on the disk before: after a power cut XFS, and
    /// ext4 with a new name, may have the name and no bytes (fsync(2)); with the directory's entry synced, too, it is
    /// not lost either.
    package static func place(_ new: String, at path: String, sync: (CInt) -> CInt = fsync) throws(Failure) {
        try place(new, path, rename, sync)
    }

    /// The same, but where there is a file of that name already, that one stays. What was written is gone afterwards.
    static func placeOnce(_ new: String, at path: String, sync: (CInt) -> CInt = fsync) throws(Failure) {
        defer { unlink(new) }
        try place(new, path, { link($0, $1) == 0 || errno == EEXIST ? 0 : -1 }, sync)
    }

    private static func place(
        _ new: String, _ path: String, _ name: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> CInt,
        _ sync: (CInt) -> CInt
    ) throws(Failure) {
        let file = open(new, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw Failure(errno) }
        let failure = sync(file) == 0 ? nil : Failure(errno)
        close(file)
        if let failure { throw failure }
        guard name(new, path) == 0 else { throw Failure(errno) }
        let directory = open(directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        // Not every file system can do that for a directory.
        _ = sync(directory)
        close(directory)
    }

    /// The owner for what is made at this path: that of its directory, who is not root where sudo kept HOME; nil where
    /// this process is not root, and nothing is to be changed.
    package static func newOwner(_ path: String) -> Owner? {
        var status = stat()
        guard geteuid() == 0, stat(directory(of: path), &status) == 0 else { return nil }
        return (status.st_uid, status.st_gid)
    }

    /// The directory that a file of this path is in.
    package static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The permission bits that a file of this path has when a program writes it as usual: those that it has, or what
    /// the umask leaves of 0666.
    package static func usualMode(_ path: String) -> mode_t {
        if let mode = mode(of: path) { return mode }
        // umask(2) tells it only while it changes it, for all threads.
        let status = (try? LocalFile.read("/proc/self/status", atMost: 65536).bytes) ?? []
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Umask:") }
        let mask = line.flatMap { $0.split(whereSeparator: \.isWhitespace).last }.flatMap { mode_t($0, radix: 8) }
        return 0o666 & ~(mask ?? 0o077)
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? status.st_mode & 0o777 : nil
    }

    private static func fill(_ descriptor: CInt, _ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR { throw Failure(errno) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
