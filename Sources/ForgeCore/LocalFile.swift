import Glibc

/// Files on the operator's machine that somebody named: what is not a file is refused, not waited for.
package enum LocalFile {
    /// Why a file cannot be used.
    package struct Failure: Error, CustomStringConvertible {
        /// The errno of the call that failed, if one did.
        package let code: CInt?
        /// The system's words for it: `No such file or directory`.
        package let reason: String

        package var description: String { reason }

        init(code: CInt) {
            self.code = code
            reason = String(cString: strerror(code))
        }

        init(_ reason: String) {
            code = nil
            self.reason = reason
        }

        fileprivate static let notAFile = Failure("it is a pipe or a socket, not a file")
    }

    /// What was in a file, and what the system said of the file then.
    package struct Content {
        package let bytes: [UInt8]
        package let status: stat
    }

    /// A descriptor of a file, a directory or a device such as /dev/null; `flags` as of open(2).
    package static func open(_ path: String, _ flags: CInt, mode: mode_t = 0o600) throws(Failure) -> CInt {
        // Without O_NONBLOCK the opening of a pipe waits for the one who opens its other end, for ever.
        let fd = Glibc.open(path, flags | O_CLOEXEC | O_NONBLOCK, mode)
        guard fd >= 0 else { throw errno == ENXIO ? .notAFile : Failure(code: errno) }
        var status = stat()
        guard fstat(fd, &status) == 0, [S_IFREG, S_IFDIR, S_IFCHR].contains(status.st_mode & S_IFMT) else {
            close(fd)
            throw .notAFile
        }
        return fd
    }

    /// All of a file; one with more bytes than `limit` is refused.
    package static func read(_ path: String, atMost limit: Int = 64 << 20) throws(Failure) -> Content {
        let fd = try open(path, O_RDONLY)
        defer { close(fd) }
        return try readAll(fd, atMost: limit)
    }

    /// The bytes from where the descriptor stands to the end of its file.
    package static func readAll(_ fd: CInt, atMost limit: Int = 64 << 20) throws(Failure) -> Content {
        var status = stat()
        guard fstat(fd, &status) == 0 else { throw Failure(code: errno) }
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let piece = try read(fd, upTo: max(4096, min(Int(status.st_size), limit) + 1 - bytes.count))
            if piece.isEmpty { return Content(bytes: bytes, status: status) }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
        }
        throw Failure("it has more than \(ByteCount(limit).mebibytes)")
    }

    /// Empty at the end of the file.
    package static func read(_ fd: CInt, upTo limit: Int) throws(Failure) -> [UInt8] {
        var failure: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let length = Glibc.read(fd, buffer.baseAddress, limit)
            if length < 0 { failure = errno }
            count = max(0, length)
        }
        if failure != 0 { throw Failure(code: failure) }
        return bytes
    }

    /// All of the bytes.
    package static func write(_ bytes: [UInt8], to fd: CInt) throws(Failure) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Void, Failure> in
            do throws(Failure) { return .success(try write(bytes, to: fd)) } catch { return .failure(error) }
        }
        try result.get()
    }

    /// All of the bytes.
    package static func write(_ bytes: UnsafeRawBufferPointer, to fd: CInt) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(fd, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno != EINTR { throw Failure(code: errno) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}

extension LocalFile.Failure {
    /// Whether nothing has the name.
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

extension LocalFile {
    /// Makes the directory and those above it, 0700, where they are not there. What root makes is of the owner of the
    /// directory that it is in: sudo may keep HOME.
    package static func makeDirectory(_ path: String) throws(Failure) {
        if path.isEmpty || isMade(path) || errno == EEXIST { return }
        guard errno == ENOENT else { throw Failure(code: errno) }
        try makeDirectory(WholeFile.directory(of: path))
        guard isMade(path) || errno == EEXIST else { throw Failure(code: errno) }
    }

    private static func isMade(_ directory: String) -> Bool {
        guard mkdir(directory, 0o700) == 0 else { return false }
        if let owner = WholeFile.newOwner(directory) { lchown(directory, owner.user, owner.group) }
        return true
    }

    /// Makes the file, 0600, where it is not there; its owner is found in the same way.
    package static func openOrMake(_ path: String, _ flags: CInt) throws(Failure) -> CInt {
        do throws(Failure) {
            let fd = try open(path, flags | O_CREAT | O_EXCL)
            if let owner = WholeFile.newOwner(path) { fchown(fd, owner.user, owner.group) }
            return fd
        } catch  where error.code == EEXIST {
            // A link may lead to a file that is not there.
            return try open(path, flags | O_CREAT)
        }
    }

    /// Locks the descriptor's file against all others who do so; false where somebody has. The lock ends with the last
    /// descriptor of this opening, so the kernel takes it back from a process that is killed.
    package static func lock(_ fd: CInt) throws(Failure) -> Bool {
        while flock(fd, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw Failure(code: errno) }
        }
        return true
    }

    /// Whether the descriptor's file is the one that has the name.
    package static func has(_ path: String, _ fd: CInt) -> Bool {
        var (named, opened) = (stat(), stat())
        guard stat(path, &named) == 0, fstat(fd, &opened) == 0 else { return false }
        return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino
    }
}
