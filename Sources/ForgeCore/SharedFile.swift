import Glibc

/// A text file on the operator's computer that others own, too, such as `~/.kube/config`: changed, never replaced
/// unseen.
///
/// A symbolic link is followed and stays. Owner and group stay those that the file has; the mode is 0600 from the first
/// byte.
package struct SharedFile: Sendable, Hashable {
    /// The path as it was named; a link is followed when the file is read or changed.
    package let path: String
    private let way: String

    /// `orElse` says how another file is named instead: "set KUBECONFIG to another file".
    package init(_ path: String, orElse way: String) {
        self.path = path
        self.way = way
    }

    private static let largest = 16 << 20

    /// The text; nil only where there is no such file. All else that keeps it from being read is a problem.
    package func text() throws(Problem) -> String? { try look().map(\.text) }

    /// Why it could not be changed now, as far as that can be known before; nil when nothing is known.
    package func obstacle() -> Problem? {
        do throws(Problem) {
            let state = try look()
            let target = try target()
            if let state, geteuid() != 0, state.owner != geteuid() {
                return refusal(target, "it belongs to user ID \(state.owner)", takeOver(target))
            }
            let directory = Self.nearestDirectory(of: target)
            guard faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 else {
                return refusal(target, "\(directory): \(Self.reason(errno))", another)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Reads it, has it edited, and writes what comes of it, while no other kubeforge does so; nothing is written where
    /// `edit` gives back the same text. What was there before kubeforge's first change is kept as
    /// `PATH.before-kubeforge`.
    package func change(
        waiting limit: Duration = .seconds(10), _ edit: (String?) throws(Problem) -> String
    ) async throws {
        let target = try target()
        let directory = WholeFile.directory(of: target)
        try makeDirectory(directory, for: target)
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(target, Self.reason(errno), another) }
        defer { close(descriptor) }
        try await lock(descriptor, target, limit)
        let old = try look()
        let new = try edit(old?.text)
        if new == old?.text { return }
        if let old { try keep(old, target) }
        let temporary = try write(new, like: old, beside: target)
        do throws(WholeFile.Failure) { try WholeFile.place(temporary, at: target) } catch {
            unlink(temporary)
            throw refusal(target, error.reason, another)
        }
    }

    private struct State {
        let text: String
        let owner: uid_t
        let group: gid_t
    }

    private func look() throws(Problem) -> State? {
        let target = try target()
        // Not blocking: a pipe of that name would be waited for.
        let descriptor = open(target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw refusal(target, Self.reason(errno), takeOver(target))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw refusal(target, Self.reason(errno), another) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw refusal(target, "it is not a regular file", another) }
        guard status.st_size <= Self.largest else { throw refusal(target, "it has more than 16 MiB", another) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw refusal(target, Self.reason(errno), another) }
            if count == 0 { break }
            bytes += piece.prefix(count)
            guard bytes.count <= Self.largest else { throw refusal(target, "it has more than 16 MiB", another) }
        }
        // Bytes that are no UTF-8 would come back as others.
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refusal(target, "it is not UTF-8", another)
        }
        return State(text: text, owner: status.st_uid, group: status.st_gid)
    }

    /// Where the links lead to; the last name need not exist.
    private func target() throws(Problem) -> String {
        var place = path
        for _ in 0..<40 {
            var status = stat()
            guard lstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return place }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = buffer.withUnsafeMutableBytes {
                readlink(place, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
            guard count > 0 else { throw refusal(place, Self.reason(errno), another) }
            let link = String(decoding: buffer.prefix(count), as: UTF8.self)
            place = link.hasPrefix("/") ? link : WholeFile.directory(of: place) + "/" + link
        }
        throw refusal(path, Self.reason(ELOOP), another)
    }

    private func lock(_ directory: CInt, _ target: String, _ limit: Duration) async throws {
        var isLocked = false
        // The directory's lock leaves no file behind. kubectl has a file instead, which it makes and removes around its
        // own changes.
        let isFree = try await poll(within: limit) {
            try await Task.sleep(for: .milliseconds(50))
        } until: {
            // A file system without locks keeps nobody out.
            isLocked = (try? LocalFile.lock(directory)) ?? true
            return isLocked && access(target + ".lock", F_OK) != 0
        }
        guard !isFree else { return }
        throw refusal(
            target,
            isLocked
                ? "\(target).lock exists: kubectl is changing the file, or was killed while it did"
                : "another program changes it",
            isLocked
                ? "run it again; if no kubectl runs: rm \(target.shellQuoted).lock"
                : "run it again when the other one has ended")
    }

    /// Once: what a later run finds is kubeforge's own.
    private func keep(_ old: State, _ target: String) throws(Problem) {
        let copy = OriginalFile.copy(of: target)
        if access(copy, F_OK) == 0 { return }
        let temporary = try write(old.text, like: old, beside: target)
        do throws(WholeFile.Failure) { try WholeFile.placeOnce(temporary, at: copy) } catch {
            throw refusal(target, "\(copy): \(error.reason)", another)
        }
    }

    private func write(_ text: String, like old: State?, beside target: String) throws(Problem) -> String {
        do throws(WholeFile.Failure) {
            return try WholeFile.write(Array(text.utf8), beside: target, mode: 0o600, owner: owner(old, target))
        } catch {
            throw refusal(target, error.reason, another)
        }
    }

    /// The owner of a new file that root makes: that of its directory, which is not root where sudo kept HOME.
    private func owner(_ old: State?, _ target: String) -> WholeFile.Owner? {
        if let old { return old.owner == geteuid() && old.group == getegid() ? nil : (old.owner, old.group) }
        return WholeFile.newOwner(target)
    }

    private func makeDirectory(_ directory: String, for target: String) throws(Problem) {
        if access(directory, F_OK) == 0 { return }
        let above = WholeFile.directory(of: directory)
        if above != directory { try makeDirectory(above, for: target) }
        guard mkdir(directory, 0o700) == 0 else {
            if errno == EEXIST { return }
            throw refusal(target, "\(directory): \(Self.reason(errno))", another)
        }
        if let owner = WholeFile.newOwner(directory) { lchown(directory, owner.user, owner.group) }
    }

    private static func nearestDirectory(of path: String) -> String {
        let above = WholeFile.directory(of: path)
        return access(above, F_OK) == 0 || above == path ? above : nearestDirectory(of: above)
    }

    private static func reason(_ code: CInt) -> String { String(cString: strerror(code)) }

    private var another: String { "make it a file that you may write, or \(way), and run again" }

    private func takeOver(_ target: String) -> String {
        "if it is yours: sudo chown $(id -u):$(id -g) \(target.shellQuoted); else \(way)"
    }

    private func refusal(_ target: String, _ why: String, _ fix: String) -> Problem {
        Problem(what: "\(target) could not be changed; it was left untouched", why: why, fix: fix)
    }
}
