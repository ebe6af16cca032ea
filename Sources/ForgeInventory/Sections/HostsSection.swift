import ForgeCore

/// The machines.
struct HostsSection {
    static let keys = ["name", "address", "role", "schedulable", "ssh"]

    let ssh: SSHSettings
    let paths: LocalPath
    let networks: NetworksSection

    /// The hosts that can be read; what is wrong with the others, and between them, is told.
    func read(_ field: Field) -> [Host] {
        guard let elements = field.elements() else { return [] }
        if elements.isEmpty { field.fail(ValidationError("needs at least one host")) }
        let drafts = elements.compactMap(draft)
        tellRepeated(drafts.compactMap(\.name))
        tellRepeated(drafts.compactMap(\.address))
        tellRepeatedWays(drafts)
        drafts.compactMap(\.address).forEach(networks.check)
        networks.check(roomFor: elements.count, in: field)
        checkRoles(drafts, in: field)
        return drafts.compactMap(\.host)
    }

    private func draft(_ field: Field) -> Draft? {
        guard let section = MappingReader(field, keys: Self.keys) else { return nil }
        let name = section.required("name", like: "node1").flatMap { $0.placed($0.read(NameRule.host)) }
        let address = section.required("address", like: "192.168.56.11").flatMap {
            $0.placed($0.read(AddressRule.address))
        }
        let role = section.required("role", like: "worker").flatMap { $0.placed($0.choice(of: Host.Role.self)) }
        let own = section["ssh"].map { SSHSettings($0, keys: SSHSettings.hostKeys, paths: paths) } ?? SSHSettings()
        let isSchedulable = schedulable(section["schedulable"], role: role?.value)
        return Draft(
            name: name, address: address, role: role, isSchedulable: isSchedulable,
            access: own.access(default: ssh, paths: paths),
            outerAddress: own.address)
    }

    private func schedulable(_ field: Field?, role: Host.Role?) -> Bool {
        guard let field, let flag = field.flag() else { return role == .worker }
        if role == .worker, !flag {
            field.fail(ValidationError("workers are always schedulable", fix: "remove the line"))
        }
        return flag
    }

    private func tellRepeated(_ values: [Located<some Hashable>]) {
        for same in Dictionary(grouping: values, by: \.value).values {
            for repeated in same.dropFirst() {
                repeated.field.fail(
                    ValidationError("\(repeated.value) is taken by the host of line \(same[0].field.location.line)"))
            }
        }
    }

    /// Two hosts behind one address of a gateway differ by their ports.
    private func tellRepeatedWays(_ drafts: [Draft]) {
        let ways = drafts.compactMap { draft in
            draft.outerAddress.map { (way: "\($0.value):\(draft.access.port)", field: $0.field) }
        }
        for same in Dictionary(grouping: ways, by: \.way).values {
            for repeated in same.dropFirst() {
                let port = "or give each its own `port:` where a gateway forwards it"
                repeated.field.fail(
                    ValidationError(
                        "\(repeated.way) is also the SSH address of another host", fix: "correct one of them, \(port)"))
            }
        }
    }

    private func checkRoles(_ drafts: [Draft], in field: Field) {
        let roles = drafts.compactMap(\.role)
        let controlPlanes = roles.filter { $0.value == .controlPlane }
        // A role that cannot be read may have been meant as the control plane.
        if controlPlanes.isEmpty, !drafts.isEmpty, roles.count == drafts.count {
            field.fail(ValidationError("needs a host with `role: control-plane`"))
        }
        for second in controlPlanes.dropFirst() {
            second.field.fail(.secondControlPlane)
        }
    }
}

extension ValidationError {
    fileprivate static let secondControlPlane = ValidationError(
        "a second control plane is not supported yet",
        why: "high availability is not built: one control plane, any number of workers", fix: "make it a worker")
}

/// A host as far as it can be read.
private struct Draft {
    let name: Located<String>?
    let address: Located<IPv4Address>?
    let role: Located<Host.Role>?
    let isSchedulable: Bool
    let access: Host.Access
    let outerAddress: Located<String>?

    var host: Host? {
        guard let name, let address, let role else { return nil }
        return Host(
            name: name.value, address: address.value, role: role.value, isSchedulable: isSchedulable, access: access)
    }
}

/// How to log in, as far as it is said; a host's own settings go before the cluster's.
struct SSHSettings {
    static let keys = ["user", "port", "key", "knownHosts"]
    /// The keys of one host: where SSH goes is nothing that hosts share.
    static let hostKeys = ["address"] + keys

    var address: Located<String>?
    var user: String?
    var port: UInt16?
    var key: String?
    var knownHosts: String?

    init() {}

    /// Key and known_hosts need not be there yet: `kubeforge lab up` makes the lab's. Who connects says what is
    /// missing.
    init(_ field: Field, keys: [String] = Self.keys, paths: LocalPath) {
        guard let section = MappingReader(field, keys: keys) else { return }
        address = keys.contains("address") ? section["address"].flatMap { $0.placed($0.read(AddressRule.outer)) } : nil
        user = section["user"]?.read(NameRule.user)
        port = section["port"]?.number(in: 1...65535).map(UInt16.init)
        key = section["key"]?.read(paths.absolute)
        knownHosts = section["knownHosts"]?.read(paths.absolute)
    }

    func access(default common: SSHSettings, paths: LocalPath) -> Host.Access {
        let usual = try? paths.absolute(Cluster.Defaults.knownHosts)
        return Host.Access(
            address: address?.value,
            user: user ?? common.user ?? Cluster.Defaults.user, port: port ?? common.port ?? 22,
            keyPath: key ?? common.key,
            knownHostsPath: knownHosts ?? common.knownHosts ?? usual ?? "")
    }
}
