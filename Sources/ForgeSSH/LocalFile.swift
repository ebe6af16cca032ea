import Glibc

/// Files on the operator's machine.
enum LocalFile {
    /// The errno of a call that failed.
    struct Failure: Error {
        let code: CInt

        /// The system's words for it: `No such file or directory`.
        var reason: String { String(cString: strerror(code)) }
    }

    struct Content {
        let bytes: [UInt8]
        let status: stat
    }

    static func open(_ path: String, _ flags: CInt, mode: mode_t = 0o600) throws(Failure) -> CInt {
        let fd = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard fd >= 0 else { throw Failure(code: errno) }
        return fd
    }

    static func read(_ path: String) throws(Failure) -> Content {
        let fd = try open(path, O_RDONLY)
        defer { close(fd) }
        var status = stat()
        guard fstat(fd, &status) == 0 else { throw Failure(code: errno) }
        var bytes: [UInt8] = []
        while true {
            let piece = try read(fd, upTo: max(4096, Int(status.st_size) + 1 - bytes.count))
            if piece.isEmpty { return Content(bytes: bytes, status: status) }
            bytes = bytes.isEmpty ? piece : bytes + piece
        }
    }

    /// Empty at the end of the file.
    static func read(_ fd: CInt, upTo limit: Int) throws(Failure) -> [UInt8] {
        var failure: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let length = Glibc.read(fd, buffer.baseAddress, limit)
            if length < 0 { failure = errno }
            count = max(0, length)
        }
        if failure != 0 { throw Failure(code: failure) }
        return bytes
    }

    static func write(_ bytes: UnsafeRawBufferPointer, to fd: CInt) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(fd, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno != EINTR { throw Failure(code: errno) }
            rest = rest.dropFirst(max(0, count))
        }
    }
}

extension LocalFile.Failure {
    var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

extension LocalFile {
    /// Makes the folder and those above it, 0700, where they are not there.
    static func makeFolder(_ path: String) throws(Failure) {
        if path.isEmpty || mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw Failure(code: errno) }
        try makeFolder(path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Failure(code: errno) }
    }
}
