import ForgeCore

extension ValidationError {
    /// A name that is none of the known ones, which are told.
    static func unknown(_ name: String, known: [String], _ sentence: String? = nil) -> ValidationError {
        let suggestion =
            ForeignNames.advice(on: name, known: known)
            ?? SpellingSuggestion.closest(to: name, among: known).map { "did you mean \($0)? " } ?? ""
        return ValidationError(
            sentence ?? "there is no \(name.shown)", fix: "\(suggestion)known here: \(known.joined(separator: ", "))")
    }
}

/// The known name that a mistyped one most likely means.
private enum SpellingSuggestion {
    /// Nil when nothing is near: at most a third of the letters may be wrong.
    static func closest(to typed: String, among known: [String]) -> String? {
        guard typed.count <= 64 else { return nil }
        let near = known.map { (name: $0, distance: distance(typed.lowercased(), $0.lowercased())) }
        guard let best = near.min(by: { $0.distance < $1.distance }), best.distance <= max(1, best.name.count / 3)
        else { return nil }
        return best.name
    }

    /// How many letters must be put in, left out, replaced or swapped with their neighbour.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
                row.append(min(rows[i][j + 1] + 1, row[j] + 1, replaced))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    row[j + 1] = min(row[j + 1], rows[i - 1][j - 1] + 1)
                }
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}

/// What keys and values of other tools' inventories (Ansible's, Kubespray's, k0sctl's, KubeOne's, of clouds) are called
/// here.
enum ForeignNames {
    /// What to write instead, as a sentence with a space after it; nil for a name that is nobody's.
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
                    kubeforge connects directly: run it on that machine, or let it forward a port to each host \
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
