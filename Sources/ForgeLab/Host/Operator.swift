import ForgeCore
import Foundation

/// The user that a lab is made for. Root makes the machines; the key, the host keys and the inventory that lead to them
/// belong to this user.
package struct Operator: Sendable, Hashable {
    /// The user number; 0 where root works for itself.
    package let user: UInt32
    /// The number of the user's own group.
    package let group: UInt32
    /// Absolute: what `~` in an inventory stands for, and where the operator's cache is.
    package let home: String

    package init(user: UInt32, group: UInt32, home: String) {
        self.user = user
        self.group = group
        self.home = home
    }

    /// The user who runs this process; below sudo, the one who typed the command. `$KUBEFORGE_OPERATOR_HOME` is the
    /// home directory that this user's own kubeforge saw, if it started sudo.
    package init(environment: [String: String], effectiveUser: UInt32 = geteuid(), home: String) {
        guard effectiveUser == 0, let user = environment["SUDO_UID"].flatMap({ UInt32($0) }), user != 0,
            let group = environment["SUDO_GID"].flatMap({ UInt32($0) })
        else {
            self.init(user: effectiveUser, group: getegid(), home: home)
            return
        }
        let own = environment["KUBEFORGE_OPERATOR_HOME"] ?? Self.home(of: user) ?? home
        self.init(user: user, group: group, home: own)
    }

    /// Whether this process works for somebody else than its own user.
    package var isAnotherUser: Bool { user != geteuid() }

    /// The home directory as the user database has it.
    package static func home(of user: UInt32) -> String? {
        getpwuid(user).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) }
    }
}

/// What the operator needs to reach a lab's machines: `~/.cache/kubeforge/lab`. All of it belongs to the operator, also
/// below sudo.
package struct OperatorFiles: Sendable, Hashable {
    /// Absolute, inside the operator's home.
    package let root: String
    /// Whom every file here is given to.
    package let owner: Operator

    package init(root: String, owner: Operator) {
        self.root = root
        self.owner = owner
    }

    /// The private key of the machines' login users; `.pub` beside it.
    package var sshKey: String { "\(root)/ssh/id_ed25519" }
    /// The public half of the key that signs the lab's apt repositories.
    package var archiveKey: String { "\(root)/apt/key.asc" }

    /// The host keys of all machines of the lab, for `ssh: knownHosts:` in its inventory.
    package func knownHosts(of cluster: String) -> String { "\(directory(of: cluster))/known_hosts" }

    func directory(of cluster: String) -> String { "\(root)/run/\(cluster)" }

    /// Replaces the file as a whole; owner and mode are right before it has its name. Directories that are missing are
    /// made the operator's.
    func write(_ path: String, _ text: String, mode: Int = 0o644) throws(Problem) {
        try makeDirectory(String(path[..<path.lastIndex(of: "/")!]))
        do throws(WholeFile.Failure) {
            let other = owner.isAnotherUser ? (owner.user, owner.group) : nil
            try WholeFile.write(Array(text.utf8), to: path, mode: mode_t(mode), owner: other)
        } catch {
            throw Problem(
                what: "cannot write \(path)", why: error.reason,
                fix: "make its directory writable, or remove what is in its place")
        }
    }

    private func makeDirectory(_ path: String) throws(Problem) {
        if FileManager.default.fileExists(atPath: path) { return }
        try makeDirectory(String(path[..<path.lastIndex(of: "/")!]))
        guard mkdir(path, 0o755) == 0, !owner.isAnotherUser || lchown(path, owner.user, owner.group) == 0 else {
            throw Problem(
                what: "cannot create the directory \(path)", why: errorText, fix: "make its parent directory writable")
        }
    }

    private var errorText: String { String(cString: strerror(errno)) }
}
