import ForgeCore

/// What a connection needs to know beside the host: the operator's side of SSH.
package struct SSHOptions: Sendable {
    /// What `~` stands for in the paths of an inventory, and where `.ssh/id_ed25519` and its like are looked for.
    package var homeFolder: String
    /// The socket of ssh-agent (`$SSH_AUTH_SOCK`); nil or empty when there is none.
    package var agentSocket: String?
    /// nil: a host that known_hosts does not know is refused. Otherwise its key is written down and this is told so, in
    /// one sentence:
    /// the relaxation cannot be had silently. A changed key is always refused.
    package var acceptNewHostKeys: (@Sendable (String) -> Void)?
    /// Files beside the inventory's known_hosts that are believed, too; OpenSSH reads the same ones.
    package var globalKnownHosts = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
    /// Looks up the address of a name; it may block.
    package var resolve: @Sendable (String) -> Resolution = { Resolution(of: $0) }
    /// From the first packet to the end of the authentication.
    package var connectTimeout: Duration = .seconds(15)
    /// How often a quiet connection says that it is alive; three times this without an answer, and it counts as lost.
    package var keepalive: Duration = .seconds(15)
    /// How much longer than its time limit a command is waited for here: `timeout` on the host needs up to 10 s of it
    /// to kill what ignores TERM.
    package var deadline: Duration = .seconds(30)

    package init(homeFolder: String, agentSocket: String? = nil, acceptNewHostKeys: (@Sendable (String) -> Void)? = nil)
    {
        self.homeFolder = homeFolder
        self.agentSocket = agentSocket
        self.acceptNewHostKeys = acceptNewHostKeys
    }

    /// What became of a look-up.
    package enum Resolution: Sendable {
        case address(IPv4Address)
        case unknown(reason: String)
    }

    /// The path with a leading `~` replaced.
    package func expanded(_ path: String) -> String {
        path == "~" || path.hasPrefix("~/") ? homeFolder + path.dropFirst() : path
    }
}
