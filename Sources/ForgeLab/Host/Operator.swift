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
    /// home folder that this user's own kubeforge saw, if it started sudo.
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

    /// As the user database has it.
    package static func home(of user: UInt32) -> String? {
        getpwuid(user).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) }
    }
}
