import ForgeCore
import Yams

/// A kubeconfig as text, and the merge of a cluster's administrator into it.
package struct Kubeconfig: Sendable {
    /// The whole file, with everything that was there and is not the cluster's.
    package let text: String
    /// What is other than it was, in words; empty where `text` is what was there.
    package let differences: [String]

    /// The cluster, its user `NAME-admin` and its context in `existing`. What the operator has set in the context and
    /// in the cluster stays, and so does the current context where there is one. An entry of that name that is another
    /// cluster's is a problem.
    package init(merging entries: KubeconfigEntries, into existing: String?) throws(Problem) {
        let old = existing.map(KubeconfigText.filled) ?? KubeconfigText.empty
        let before = try KubeconfigText.root(old)
        let merged = try entries.merged(into: before)
        differences = merged.differences
        text = merged.root == before ? existing ?? old : try KubeconfigText.edited(old, to: merged.root)
    }
}

/// What a cluster has in a kubeconfig: its server, and the credentials of its administrator.
package struct KubeconfigEntries: Sendable, Hashable {
    /// The cluster's name in the inventory: of its entry and its context alike.
    package let name: String
    /// Where the authority and the administrator's certificate and key come from.
    package let admin: AdminConfig
    /// Where kubectl reaches the API server.
    package let server: String
    /// Other addresses that the same API server has had or has: `server` for the nodes.
    package let otherServers: [String]

    package init(name: String, admin: AdminConfig, server: String, otherServers: [String] = []) {
        self.name = name
        self.admin = admin
        self.server = server
        self.otherServers = otherServers
    }

    private var user: String { "\(name)-admin" }

    func merged(into root: Node.Mapping) throws(Problem) -> (root: Node.Mapping, differences: [String]) {
        let owned = KubeconfigOwnership(
            name: name, user: user, authority: admin.authority, servers: [server] + otherServers)
        if let foreign = owned.foreign(in: root) { throw foreign }
        var (root, differences) = (root, [String]())
        let isNew = entry(of: name, in: "contexts", root) == nil
        put(&root, "clusters", name, "cluster", &differences) { cluster in
            // They contradict the certificate authority that stands here.
            for key in ["certificate-authority", "insecure-skip-tls-verify"] { cluster.remove(key) }
            cluster.set("certificate-authority-data", admin.authority)
            cluster.set("server", server)
        }
        put(&root, "users", user, "user", &differences) { credentials in
            credentials = Node.Mapping([])
            credentials.set("client-certificate-data", admin.certificate)
            credentials.set("client-key-data", admin.key)
        }
        let users = names(in: "users", root)
        put(&root, "contexts", name, "context", &differences) { context in
            context.set("cluster", name)
            if context.text("user").map(users.contains) != true { context.set("user", user) }
        }
        if isNew { differences = ["does not have the context \(name)"] }
        if (root.text("current-context") ?? "").isEmpty {
            root.set("current-context", name)
            differences.append("current-context: none → \(name)")
        }
        return (root, differences)
    }

    private func entry(of name: String, in list: String, _ root: Node.Mapping) -> Node.Mapping? {
        (root.node(list)?.sequence).flatMap { $0.compactMap(\.mapping).first { $0.text("name") == name } }
    }

    private func names(in list: String, _ root: Node.Mapping) -> [String] {
        root.node(list)?.sequence?.compactMap { $0.mapping?.text("name") } ?? []
    }

    private func put(
        _ root: inout Node.Mapping, _ list: String, _ name: String, _ key: String, _ differences: inout [String],
        _ change: (inout Node.Mapping) -> Void
    ) {
        var items = root.node(list)?.sequence ?? Node.Sequence([])
        let place = items.firstIndex { $0.mapping?.text("name") == name }
        var entry = place.flatMap { items[$0].mapping } ?? Node.Mapping([("name", Node(plain: name))])
        let old = entry.node(key)?.mapping
        var new = old ?? Node.Mapping([])
        change(&new)
        if new == old { return }
        differences += Self.differences("\(key) \(name)", old ?? Node.Mapping([]), new)
        entry.set(key, .mapping(new))
        if let place { items[place] = .mapping(entry) } else { items.append(.mapping(entry)) }
        root.set(list, .sequence(items))
    }

    private static func differences(_ what: String, _ old: Node.Mapping, _ new: Node.Mapping) -> [String] {
        let names = (old.names + new.names.filter { !old.names.contains($0) })
        return names.filter { old.node($0) != new.node($0) }.map { name in
            let isShown = !name.hasSuffix("-data") && name != "token" && name != "password"
            let values = [old, new].map { $0.node(name).map { isShown ? $0.string ?? "…" : "…" } ?? "none" }
            return values == ["…", "…"] ? "\(what): another \(name)" : "\(what): \(name): \(values[0]) → \(values[1])"
        }
    }
}

/// Whether entries that have the cluster's names are the cluster's. A name alone says nothing, nor does a checksum.
struct KubeconfigOwnership {
    let name: String
    let user: String
    /// nil while there is none.
    let authority: String?
    let servers: [String]

    func foreign(in root: Node.Mapping) -> Problem? {
        let cluster = body("clusters", name, "cluster", root)
        if let cluster {
            let known = cluster.text("certificate-authority-data")
            let isOurs = known != nil && known == authority || cluster.text("server").map(servers.contains) == true
            if !isOurs {
                return problem(
                    "the cluster \(name) in it is another one, at \(cluster.text("server") ?? "no server")",
                    "delete-cluster", name)
            }
        }
        if let other = body("contexts", name, "context", root)?.text("cluster"), other != name {
            return problem("the context \(name) in it is of the cluster \(other)", "delete-context", name)
        }
        guard body("users", user, "user", root) != nil else { return nil }
        let contexts = root.node("contexts")?.sequence?.compactMap { $0.mapping?.node("context")?.mapping } ?? []
        let others = contexts.filter { $0.text("user") == user }.compactMap { $0.text("cluster") }.filter { $0 != name }
        if let other = others.first {
            return problem("the user \(user) in it is of the cluster \(other)", "delete-user", user)
        }
        return cluster == nil ? problem("the user \(user) in it is of no cluster \(name)", "delete-user", user) : nil
    }

    private func body(_ list: String, _ name: String, _ key: String, _ root: Node.Mapping) -> Node.Mapping? {
        root.node(list)?.sequence?.compactMap(\.mapping).first { $0.text("name") == name }?.node(key)?.mapping
    }

    private func problem(_ why: String, _ verb: String, _ entry: String) -> Problem {
        Problem(
            what: "\(name) cannot be added to your kubeconfig; it was not changed", why: why,
            fix:
                """
                give the cluster another name (`cluster:` in the inventory), or remove that entry: kubectl config \
                \(verb) \(entry)
                """
        )
    }
}
