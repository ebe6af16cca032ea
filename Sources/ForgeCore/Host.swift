/// A machine as the inventory names it: its name becomes its hostname and its Kubernetes node name.
package struct Host: Sendable, Hashable {
    /// An RFC 1123 label: lower-case letters, digits and dashes, at most 63 characters.
    package var name: String
    /// The address that other nodes reach it at; kubeforge connects to it, too, where `access` names no other.
    package var address: IPv4Address
    /// What kubeadm makes of the machine; every cluster has one control plane.
    package var role: Role
    /// Whether a control plane is schedulable, too; a worker always does.
    package var isSchedulable: Bool
    /// The login for this host, its own keys in the inventory over the common ones.
    package var access: Access

    package init(name: String, address: IPv4Address, role: Role, isSchedulable: Bool, access: Access) {
        self.name = name
        self.address = address
        self.role = role
        self.isSchedulable = isSchedulable
        self.access = access
    }

    /// Where it is reached from the operator's computer: an IPv4 address or a DNS name.
    package var outerAddress: String { access.address ?? address.description }

    /// Where its ports other than SSH's are reached from the operator's computer. A loopback address stands for a port
    /// that is forwarded for SSH alone.
    package var publicAddress: String {
        guard let outer = access.address, outer != "localhost", !outer.hasPrefix("127.") else {
            return address.description
        }
        return outer
    }

    /// As the inventory writes it: `control-plane` or `worker`.
    package enum Role: String, Sendable, Hashable, CaseIterable {
        case controlPlane = "control-plane"
        case worker
    }

    /// How to log in: everything SSH needs to know.
    package struct Access: Sendable, Hashable {
        /// Where SSH goes when that is not the host's address: an IPv4 address or a DNS name.
        package var address: String?
        /// Root, or a user who may use sudo without a password.
        package var user: String
        /// The port of its sshd.
        package var port: UInt16
        /// A private key file; nil means the keys of ssh-agent.
        package var keyPath: String?
        /// The known_hosts file whose keys are believed.
        package var knownHostsPath: String

        package init(address: String? = nil, user: String, port: UInt16 = 22, keyPath: String?, knownHostsPath: String)
        {
            self.address = address
            self.user = user
            self.port = port
            self.keyPath = keyPath
            self.knownHostsPath = knownHostsPath
        }
    }
}
