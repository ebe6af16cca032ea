import ForgeCore
import Yams

/// A kubeconfig as text, and the merge of a new cluster into it.
package enum Kubeconfig {
    /// `existing` with the administrator's cluster, user and context of `admin` under the cluster's name; every other entry stays.
    /// Entries of that name are replaced. The current context is set only where there was none. `server` goes in the place of the
    /// API server's address, where the operator's computer reaches it at another one.
    package static func merge(_ admin: String, into existing: String?, as name: String, server: String? = nil) throws(Problem) -> String {
        let new = try parse(admin, "admin.conf of \(name)")
        var merged =
            try existing.map { text throws(Problem) in try parse(text, "your kubeconfig") } ?? [
                "apiVersion": "v1", "kind": "Config", "preferences": [String: Any](),
            ]
        guard var cluster = first(new, "clusters", "cluster") as? [String: Any], let user = first(new, "users", "user") else {
            throw Problem(what: "admin.conf of \(name) holds no cluster or no user")
        }
        if let server { cluster["server"] = server }
        set(&merged, "clusters", ["name": name, "cluster": cluster])
        set(&merged, "users", ["name": "\(name)-admin", "user": user])
        set(&merged, "contexts", ["name": name, "context": ["cluster": name, "user": "\(name)-admin"]])
        if (merged["current-context"] as? String ?? "").isEmpty { merged["current-context"] = name }
        return try dump(merged)
    }

    /// The text as `merge` writes it: kubectl and people lay the same entries out in other ways.
    static func normalised(_ text: String) throws(Problem) -> String { try dump(parse(text, "your kubeconfig")) }

    private static func parse(_ text: String, _ what: String) throws(Problem) -> [String: Any] {
        let fix = "see `kubectl config view`; name another file with KUBECONFIG"
        if text.allSatisfy(\.isWhitespace) { return ["apiVersion": "v1", "kind": "Config"] }
        do {
            guard let map = try Yams.load(yaml: text) as? [String: Any] else {
                throw Problem(what: "\(what) is not a kubeconfig", fix: fix)
            }
            return map
        } catch {
            throw error as? Problem ?? Problem(what: "\(what) cannot be read", why: "\(error)", fix: fix)
        }
    }

    private static func first(_ config: [String: Any], _ list: String, _ key: String) -> Any? {
        (config[list] as? [[String: Any]])?.first?[key]
    }

    private static func set(_ config: inout [String: Any], _ list: String, _ entry: [String: Any]) {
        let others = (config[list] as? [[String: Any]] ?? []).filter { $0["name"] as? String != entry["name"] as? String }
        config[list] = others + [entry]
    }

    private static func dump(_ config: [String: Any]) throws(Problem) -> String {
        do {
            return try Yams.dump(object: config, width: -1, sortKeys: true)
        } catch {
            throw Problem(what: "the kubeconfig cannot be written", why: "\(error)")
        }
    }
}
