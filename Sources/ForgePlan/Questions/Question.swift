import ForgeCore

/// A read-only look at a host, as a value: it can be batched with others, compared, and answered in a test without any
/// host.
package enum Question: Sendable, Hashable {
    /// Type, mode, owner, size, sha256 and modification time of a path.
    case file(String)
    /// The bytes of a file, at most 1 MiB.
    case contents(String)
    /// Installed version and hold of an apt package.
    case package(String)
    /// Active, enabled and since when, of a systemd unit.
    case unit(String)
    case sysctl(String)
    /// Whether a kernel module is there, loaded or built in.
    case module(String)
    /// The swap areas in use.
    case swaps
    /// What a read-only command prints. It runs as root; `command` must not change anything.
    case command(String)
}
