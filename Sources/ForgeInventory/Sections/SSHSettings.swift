import ForgeCore

/// How to log in, as far as it is said; a host's own settings go before the cluster's.
struct SSHSettings {
    static let keys = ["user", "port", "key", "knownHosts"]
    /// Of one host: where SSH goes is nothing that hosts share.
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
