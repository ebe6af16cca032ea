/// A machine as the inventory names it: its name becomes its hostname and its Kubernetes node name.
package struct Host: Sendable, Hashable {
    package var name: String
    /// The address that other nodes reach it at, and that kubeforge connects to.
    package var address: IPv4Address
    package var role: Role
    /// Whether a control plane takes ordinary pods, too; a worker always does.
    package var isSchedulable: Bool
    package var access: Access

    package init(name: String, address: IPv4Address, role: Role, isSchedulable: Bool, access: Access) {
        self.name = name
        self.address = address
        self.role = role
        self.isSchedulable = isSchedulable
        self.access = access
    }

    package enum Role: String, Sendable, Hashable, CaseIterable {
        case controlPlane = "control-plane"
        case worker
    }

    /// How to log in: everything SSH needs to know that is not the address.
    package struct Access: Sendable, Hashable {
        package var user: String
        package var port: UInt16
        /// A private key file; nil means the keys of ssh-agent.
        package var keyPath: String?
        /// The known_hosts file whose keys are believed.
        package var knownHostsPath: String

        package init(user: String, port: UInt16 = 22, keyPath: String?, knownHostsPath: String) {
            self.user = user
            self.port = port
            self.keyPath = keyPath
            self.knownHostsPath = knownHostsPath
        }
    }
}
