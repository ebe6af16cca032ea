import Foundation

/// How many files, sockets and pipes this process may have open. Login sessions start with 1024; a run holds a socket
/// for each host, and tests many pipes besides.
package enum OpenFileLimit {
    /// More has no use, and programs that walk all possible descriptors take long with a limit of millions.
    private static let most: rlim_t = 65_536

    /// Raises the soft limit as far as the hard one lets it, and gives back what it is then.
    @discardableResult
    package static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let wanted = min(limit.rlim_max, most)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return UInt64(limit.rlim_cur)
    }
}
