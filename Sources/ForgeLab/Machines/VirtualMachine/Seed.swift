import ForgeCore
import ForgeTemplates

/// What a cloud tells cloud-init at a machine's first boot: its name, its address, who may log in. The texts are in
/// `templates/lab/vm/seed`.
struct Seed: Sendable, Hashable {
    let host: Host
    let network: LabNetwork
    /// Public keys of who may log in.
    let keys: [String]
    let hostKey: String
    let publicHostKey: String
    let hardwareAddress: String

    func files(_ templates: Templates) throws(Problem) -> [String: String] {
        [
            "meta-data": try templates["lab/vm/seed/meta-data"].render(["machine": host.name.yamlQuoted]),
            "network-config": try templates["lab/vm/seed/network-config"].render([
                "hardwareAddress": hardwareAddress.yamlQuoted, "address": "\(host.address)/24",
                "gateway": "\(network.bridgeAddress)",
            ]),
            "user-data": try templates["lab/vm/seed/user-data"].render([
                "user": host.access.user.yamlQuoted, "hidesRoot": host.access.user == "root" ? "false" : "true",
                "keys": keys.map(\.yamlQuoted).joined(separator: ", "), "hostKey": hostKey.yamlQuoted,
                "publicHostKey": publicHostKey.yamlQuoted,
            ]),
        ]
    }
}
