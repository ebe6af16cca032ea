import ForgeCore

/// What keys and values of other tools' inventories (Ansible's, Kubespray's, k0sctl's, KubeOne's, of clouds) are called
/// here.
enum ForeignNames {
    /// What to write instead, as a sentence with a blank behind it; nil for a name that is nobody's.
    static func advice(on typed: String, known: [String]) -> String? {
        let name = typed.trimming(while: isQuote)
        if name != typed, known.contains(name) { return "did you mean \(name), without the typographic quotes? " }
        // Keys of the file, of hosts and of `ssh:`, and roles; elsewhere the same words mean something else.
        guard ["ssh", "user", "control-plane"].contains(where: known.contains) else { return nil }
        switch meanings[name.lowercased().filter { $0 != "_" && $0 != "-" }] {
        case .name(let own) where known.contains(own): return "did you mean \(own)? "
        case .login(let own) where known.contains(own): return "did you mean \(own)? "
        case .login(let own) where known.contains("ssh"): return "write `ssh: { \(own): … }`; "
        case nil where known.contains("ssh"): return advice(onLogin: name)
        case .advice(let words): return words + "; "
        default: return nil
        }
    }

    /// Whether YAML takes it for a part of the text, though it was meant as a quote.
    static func isQuote(_ character: Character) -> Bool { "“”„‟‘’‚‛«»".contains(character) }

    /// Keys of `ssh:` that stand at the host itself.
    private static func advice(onLogin name: String) -> String? {
        ["user", "port", "key", "knownHosts"].contains(name) ? "write `ssh: { \(name): … }`; " : nil
    }

    private enum Meaning {
        /// A key of a host, or a role.
        case name(String)
        /// A key of `ssh:`.
        case login(String)
        case advice(String)
    }

    /// By their letters alone, in lower case.
    private static let meanings: [String: Meaning] = {
        let names: [(Meaning, [String])] = [
            (.name("hosts"), ["nodes", "machines", "servers", "all"]),
            (.name("name"), ["hostname", "host", "nodename", "fqdn", "inventoryhostname"]),
            (
                .name("address"),
                [
                    "ansiblehost", "ansiblesshhost", "ip", "ipaddress", "privateaddress", "privateip",
                    "internaladdress", "accessip",
                ]
            ),
            (.advice("write `ssh: { address: … }`"), ["publicaddress", "publicip", "externaladdress", "externalip"]),
            (.login("user"), ["ansibleuser", "ansiblesshuser", "username", "sshuser", "sshusername", "login"]),
            (.login("port"), ["ansibleport", "ansiblesshport", "sshport"]),
            (
                .login("key"),
                [
                    "keypath", "keyfile", "identityfile", "privatekey", "privatekeypath", "privatekeyfile", "sshkey",
                    "sshkeypath", "sshprivatekeyfile", "ansiblesshprivatekeyfile", "ansibleprivatekeyfile",
                ]
            ),
            (
                .advice("kubeforge types no passwords: use a key, and sudo without a password"),
                [
                    "password", "sshpassword", "sudopassword", "becomepassword", "ansiblepassword", "ansiblesshpass",
                    "ansiblebecomepass", "ansiblebecomepassword",
                ]
            ),
            (
                .advice(
                    """
                    kubeforge connects directly: run it on that machine, or let that pass a port on to each host \
                    (`ssh: { address: …, port: … }`)
                    """
                ), ["bastion", "bastionhost", "jumphost", "proxyjump", "proxycommand", "ansiblesshcommonargs"]
            ),
            (
                .name("control-plane"),
                ["master", "controller", "controlplane", "server", "manager", "etcd", "kubecontrolplane", "kubemaster"]
            ),
            (.advice("write control-plane, and `schedulable: true` below it"), ["controller+worker", "single"]),
            (.name("worker"), ["node", "agent", "minion", "slave", "kubenode"]),
        ]
        let all = names.flatMap { meaning, names in names.map { ($0, meaning) } }
        return Dictionary(all) { first, _ in first }
    }()
}
