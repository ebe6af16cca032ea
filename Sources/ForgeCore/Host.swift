import Glibc

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

    /// The role as the inventory writes it: `control-plane` or `worker`.
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
        /// A private key file; nil means the keys of ssh-agent, and then the usual files of ~/.ssh.
        package var keyPath: String?
        /// The known_hosts file whose keys are trusted.
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

/// An IPv4 address, as its 32 bits in host order.
package struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first number of the dotted form is in the highest eight bits.
    package let bits: UInt32

    package init(bits: UInt32) { self.bits = bits }

    /// Four decimal numbers of 0 to 255 without leading zeros (`010` is octal to some programs); nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard let number = UInt8(part), String(number) == part else { return nil }
            bits = bits << 8 | UInt32(number)
        }
        self.bits = bits
    }

    /// What a program that asks for an IPv4 address gets where /etc/hosts has this one: 127.0.0.1 for `::1`, and
    /// 192.168.1.5 for `::ffff:192.168.1.5`; nil where it gets none, as for other IPv6 addresses (glibc,
    /// nss/nss_files/files-hosts.c).
    package init?(lookedUp text: String) {
        if let address = Self(text) {
            self = address
            return
        }
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: address) { Array($0) }
        let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        guard isMapped || bytes == Array(repeating: 0, count: 15) + [1] else { return nil }
        bits = isMapped ? bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } : 127 << 24 | 1
    }

    /// The dotted form: `192.168.56.11`.
    package var description: String {
        [24, 16, 8, 0].map { String(bits >> UInt32($0) & 255) }.joined(separator: ".")
    }

    /// In the order of their numbers, so that 9.0.0.0 comes before 10.0.0.0.
    package static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
}

/// An IPv4 network in CIDR notation, such as `10.244.0.0/16`; host bits are zero.
package struct IPv4Network: Sendable, Hashable, CustomStringConvertible {
    /// The first address of the network.
    package let base: IPv4Address
    /// 0 to 32.
    package let prefix: Int

    package init(containing address: IPv4Address, prefix: Int) {
        self.prefix = prefix
        self.base = IPv4Address(bits: address.bits & Self.mask(prefix))
    }

    /// `ADDRESS/PREFIX` with zero host bits; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(String(parts[0])),
            let prefix = Int(parts[1]), String(prefix) == parts[1], (0...32).contains(prefix),
            address.bits & Self.mask(prefix) == address.bits
        else { return nil }
        self.init(containing: address, prefix: prefix)
    }

    /// In CIDR notation: `10.244.0.0/16`.
    package var description: String { "\(base)/\(prefix)" }

    /// Whether the address has the network's first `prefix` bits; the first and the last address count, too.
    package func contains(_ address: IPv4Address) -> Bool { address.bits & Self.mask(prefix) == base.bits }

    /// Whether they have an address in common; then one of them lies in the other.
    package func overlaps(_ other: IPv4Network) -> Bool { contains(other.base) || other.contains(base) }

    /// The n-th address of the network, counted from its base.
    package func address(_ n: UInt32) -> IPv4Address { IPv4Address(bits: base.bits &+ n) }

    private static func mask(_ prefix: Int) -> UInt32 { prefix == 0 ? 0 : ~0 << UInt32(32 - prefix) }
}
