import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation
import Testing
import Yams

@testable import ForgeKubernetes

@Suite("A kubeconfig")
struct KubeconfigTests {
    /// As people keep theirs: comments, scalars that YAML takes for numbers and dates, other clusters.
    static let others = """
        # mine, and only mine
        apiVersion: v1
        kind: Config
        current-context: work

        clusters:
          # the one at work
          - name: work
            cluster: {server: "https://work:6443", insecure-skip-tls-verify: true}
          - cluster:
              server: https://second:6443   # behind the VPN
            name: 1_000
        # contexts
        contexts:
        - name: work
          context: {cluster: work, user: me, namespace: "123"}
        - name: 2026-11-21
          context:
            cluster: 1_000
            namespace: 10:20
            user: 0123456
        users:
        - name: me
          user: {username: "0123", password: 12345e67, token: "true"}
        - name: 0123456
          user:
            exec: {apiVersion: client.authentication.k8s.io/v1, command: mine, args: [yes, 0o17]}
        extensions:
        - name: mine

        """

    static func entries(
        name: String = "lab", server: String = "https://10.77.0.11:6443", authority: String = Recorded.authority,
        others: [String] = []
    ) throws -> KubeconfigEntries {
        let admin = try AdminConfig(
            Recorded.adminConfig(authority: authority), server: "https://10.77.0.11:6443", source: "admin.conf")
        return KubeconfigEntries(name: name, admin: admin, server: server, otherServers: others)
    }

    private func merge(_ existing: String?, server: String = "https://10.77.0.11:6443", others: [String] = []) throws
        -> Kubeconfig
    {
        try Kubeconfig(merging: Self.entries(server: server, others: others), into: existing)
    }

    private func loaded(_ text: String) throws -> [String: Any] {
        try #require(try Yams.load(yaml: text) as? [String: Any])
    }

    private func names(_ config: [String: Any], _ list: String) -> [String] {
        (config[list] as? [[String: Any]] ?? []).map { "\($0["name"] ?? "")" }
    }

    @Test(
        "that is not there, or empty, becomes one with the cluster",
        arguments: [
            nil, "", "  \n",
            "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: []\nusers:\ncurrent-context: \"\"\n",
        ])
    func new(existing: String?) throws {
        let merged = try merge(existing)
        #expect(merged.differences == ["does not have the context lab", "current-context: none → lab"])
        let config = try loaded(merged.text)
        #expect(["clusters", "contexts", "users"].map { names(config, $0) } == [["lab"], ["lab"], ["lab-admin"]])
        #expect(config["current-context"] as? String == "lab")
        #expect(config["kind"] as? String == "Config")
        let cluster = (config["clusters"] as? [[String: Any]])?.first?["cluster"] as? [String: String]
        #expect(cluster == ["server": "https://10.77.0.11:6443", "certificate-authority-data": Recorded.authority])
        let user = (config["users"] as? [[String: Any]])?.first?["user"] as? [String: String]
        #expect(user == ["client-certificate-data": Recorded.certificate, "client-key-data": Recorded.key])
        #expect(
            (config["contexts"] as? [[String: Any]])?.first?["context"] as? [String: String] == [
                "cluster": "lab", "user": "lab-admin",
            ])
    }

    @Test("keeps every line of others, comments and numbers as they are written, and gets the cluster's lines")
    func lines() throws {
        let merged = try merge(Self.others)
        #expect(merged.differences == ["does not have the context lab"])
        let (old, new) = (Self.others.split(separator: "\n"), merged.text.split(separator: "\n"))
        var added = new
        for line in old { added.firstIndex(of: line).map { _ = added.remove(at: $0) } }
        var rest = new[...]
        for line in old { rest = rest.drop { $0 != line }.dropFirst() }
        #expect(new.count == old.count + added.count, "nothing is gone")
        #expect(new.count - rest.count >= old.count, "the order is the same")
        #expect(
            added == [
                "  - name: lab", "    cluster:", "      certificate-authority-data: \(Recorded.authority)",
                "      server: https://10.77.0.11:6443", "- name: lab", "  context:", "    cluster: lab",
                "    user: lab-admin",
                "- name: lab-admin",
                "  user:", "    client-certificate-data: \(Recorded.certificate)",
                "    client-key-data: \(Recorded.key)",
            ])
        #expect(try names(loaded(merged.text), "clusters").last == "lab")
        #expect(try merge(merged.text).text == merged.text)
        #expect(try merge(merged.text).differences == [])
    }

    @Test(
        "keeps the text of values where its layout cannot be kept",
        arguments: [
            "2026-11-21", "0123456", "1_000", "12345e67", "10:20", "~x", String(repeating: "word ", count: 40) + "end",
        ])
    func values(value: String) throws {
        let json =
            """
            {apiVersion: v1, clusters: [{name: work, cluster: {server: 'https://work:6443', extra: \(value)}}], \
            current-context: work}
            """
        let merged = try merge(json)
        let root = try KubeconfigText.root(merged.text)
        let work = root.node("clusters")?.sequence?.first?.mapping?.node("cluster")?.mapping
        #expect(work?.text("extra") == value)
        #expect(merged.text.contains("extra: \(value)"), "\(merged.text)")
        #expect(try names(loaded(merged.text), "clusters") == ["work", "lab"])
        #expect(try merge(merged.text).differences == [])
    }

    @Test("keeps comments where its lists are missing or empty")
    func noLists() throws {
        let cluster = """
            - name: lab
              cluster:
                certificate-authority-data: \(Recorded.authority)
                server: https://10.77.0.11:6443

            """
        let user = """
            - name: lab-admin
              user:
                client-certificate-data: \(Recorded.certificate)
                client-key-data: \(Recorded.key)

            """
        let context = "- name: lab\n  context:\n    cluster: lab\n    user: lab-admin\n"
        let missing = try merge("# mine\napiVersion: v1\n").text
        #expect(
            missing == """
                # mine
                apiVersion: v1
                clusters:
                \(cluster)users:
                \(user)contexts:
                \(context)current-context: lab

                """)
        let empty = try merge(
            "# mine\nclusters: null\ncontexts: []\n\n# users\nusers:\ncurrent-context: \"\"\n# end\n"
        ).text
        #expect(
            empty == """
                # mine
                clusters:
                \(cluster)contexts:
                \(context)
                # users
                users:
                \(user)current-context: lab
                # end

                """)
    }

    @Test("whose lines end as Windows ends them keeps them, comments too, and gets lines that end so")
    func windows() throws {
        let merged = try merge(Self.others.replacing("\n", with: "\r\n"))
        #expect(try merged.text == merge(Self.others).text.replacing("\n", with: "\r\n"))
        #expect(try merge(merged.text).differences == [])
    }

    /// An entry of the cluster with an old token; after it a comment with other line ends, and an entry of another.
    static func replaced(_ end: String) -> String {
        """
        clusters:
        - name: lab
          cluster: {server: "https://10.77.0.11:6443", certificate-authority-data: \(Recorded.authority)}
        contexts:
        - name: lab
          context: {cluster: lab, user: lab-admin}
        current-context: lab
        users:
        - name: me
          user: {token: abc}
        - name: lab-admin
          user: {token: old}
        # mine\(String(repeating: end, count: 40))
        - name: other
          user: {token: def}

        """
    }

    @Test(
        "gets new credentials beside line ends that only YAML counts",
        arguments: ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"])
    func lineEnds(end: String) throws {
        let merged = try merge(Self.replaced(end))
        let credentials =
            """
              user:
                client-certificate-data: \(Recorded.certificate)
                client-key-data: \(Recorded.key)

            """
        #expect(
            merged.text
                == Self.replaced(end).replacing(
                    "- name: lab-admin\n  user: {token: old}\n", with: "- name: lab-admin\n\(credentials)"))
        #expect(try merge(merged.text).differences == [])
    }

    @Test("with an alias is refused where the alias stands: a few of them would grow to a thousand million words")
    func aliases() throws {
        let levels = (1...9).map {
            "l\($0): &l\($0) [" + Array(repeating: "*l\($0 - 1)", count: 10).joined(separator: ", ") + "]"
        }
        let laughs = "l0: &l0 [lol]\n" + levels.joined(separator: "\n") + "\n? *l9\n: grows as a key, too\n"
        for (text, column) in [("users: &mine []\nclusters: *mine\n", 11), (laughs, 10)] {
            let problem = #expect(throws: Problem.self) { try merge(text) }
            #expect(
                problem?.description == """
                    your kubeconfig could not be read; it was not changed
                      why  line 2, column \(column): aliases (*name) are not read
                      fix  write the value out, or name another file with KUBECONFIG
                    """)
        }
        let anchored = Self.others.replacing("- name: me", with: "- name: &me me")
        #expect(try merge(anchored).differences == ["does not have the context lab"])
    }

    @Test("that is no YAML is told by the place, and nothing of its content is shown")
    func secrets() {
        let texts = [
            "users:\n- name: me\n  user: {token: SECRET\n", "users:\n- {token: SECRET, token: SECRET}\n",
            String(repeating: "[", count: 100_000),
        ]
        for text in texts {
            let problem = #expect(throws: Problem.self) { try merge(text) }
            #expect(problem?.what == "your kubeconfig could not be read; it was not changed")
            #expect(problem?.why?.contains("SECRET") == false, "\(problem?.why ?? "")")
            #expect((problem?.why?.count ?? 0) < 200)
        }
    }

    @Test("keeps what the operator has set in the cluster's own entries: a namespace, a proxy, another user")
    func own() throws {
        let first = try merge(Self.others).text
        let changed =
            first
            .replacing(
                "    cluster: lab\n    user: lab-admin\n",
                with: "    cluster: lab\n    namespace: mlops\n    user: me\n"
            )
            .replacing(
                "      server: https://10.77.0.11:6443\n",
                with: "      server: https://10.77.0.11:6443\n      proxy-url: socks5://localhost\n")
        #expect(changed != first)
        #expect(try merge(changed).text == changed)
        #expect(try merge(changed).differences == [])
    }

    @Test("gets new credentials when the cluster was made anew at its address, and says so")
    func again() throws {
        let other = Recorded.pem("CERTIFICATE", "MIIolder")
        let text = try merge(Self.others).text.replacing(Recorded.authority, with: other).replacing(
            Recorded.key, with: "b2xk"
        )
        .replacing("    user: lab-admin\n", with: "    user: lab-admin\n    namespace: mlops\n")
        let merged = try merge(text)
        #expect(
            merged.differences == [
                "cluster lab: another certificate-authority-data", "user lab-admin: another client-key-data",
            ])
        #expect(merged.text.contains("namespace: mlops"))
        #expect(merged.text.contains(Recorded.key))
        #expect(!merged.text.contains(other))
    }

    @Test("gets the address that the operator reaches, and says from where to where")
    func moved() throws {
        let text = try merge(nil).text
        let merged = try merge(text, server: "https://203.0.113.11:6443", others: ["https://10.77.0.11:6443"])
        #expect(merged.differences == ["cluster lab: server: https://10.77.0.11:6443 → https://203.0.113.11:6443"])
        #expect(merged.text == text.replacing("https://10.77.0.11:6443", with: "https://203.0.113.11:6443"))
        // At an address that nobody knows any more, its authority says that it is the same.
        let unknown = try merge(text.replacing("10.77.0.11", with: "10.77.0.9"))
        #expect(unknown.differences == ["cluster lab: server: https://10.77.0.9:6443 → https://10.77.0.11:6443"])
        // Made anew since: its address among the nodes says that it is the same.
        let older = text.replacing(Recorded.authority, with: Recorded.pem("CERTIFICATE", "MIIolder"))
        let anew = try merge(older, server: "https://203.0.113.11:6443", others: ["https://10.77.0.11:6443"])
        #expect(anew.differences.count == 2 && anew.text == merged.text)
        #expect(throws: Problem.self) { try merge(older, server: "https://203.0.113.11:6443") }
    }

    @Test(
        "loses what a machine once put into the cluster's entries: a program to run, a token, no check of certificates")
    func poisoned() throws {
        let text = """
            clusters:
            - name: lab
              cluster: {server: "https://10.77.0.11:6443", insecure-skip-tls-verify: true}
            users:
            - name: lab-admin
              user: {exec: {command: /bin/sh}, tokenFile: /etc/passwd}
            contexts:
            - name: lab
              context: {cluster: lab, user: lab-admin}
            current-context: lab

            """
        let merged = try merge(text)
        #expect(
            merged.differences == [
                "cluster lab: insecure-skip-tls-verify: true → none",
                "cluster lab: certificate-authority-data: none → …",
                "user lab-admin: exec: … → none", "user lab-admin: tokenFile: /etc/passwd → none",
                "user lab-admin: client-certificate-data: none → …", "user lab-admin: client-key-data: none → …",
            ])
        for word in ["exec", "tokenFile", "insecure"] { #expect(!merged.text.contains(word)) }
    }

    static let foreign: [(text: String, why: String, fix: String)] = [
        (
            """
            clusters:\n- name: work\n- name: lab\n  cluster: {server: \"https://192.0.2.9:6443\", \
            certificate-authority-data: eA==}\n
            """,
            "the cluster lab in it is another one, at https://192.0.2.9:6443", "delete-cluster lab"
        ),
        (
            "clusters:\n- name: lab\n  cluster: {}\n", "the cluster lab in it is another one, at no server",
            "delete-cluster lab"
        ),
        (
            "contexts:\n- name: a\n  context: {cluster: a}\n- name: lab\n  context: {cluster: work, user: me}\n",
            "the context lab in it is of the cluster work", "delete-context lab"
        ),
        (
            "users:\n- name: lab-admin\n  user: {token: abc}\n", "the user lab-admin in it is of no cluster lab",
            "delete-user lab-admin"
        ),
        (
            """
            clusters:\n- name: lab\n  cluster: {server: \"https://10.77.0.11:6443\"}\ncontexts:\n- name: mine\n  \
            context: {cluster: other, user: lab-admin}\n- name: more\n  context: {cluster: third, user: lab-admin}\n\
            users:\n- name: lab-admin\n  user: {token: abc}\n
            """,
            "the user lab-admin in it is of the cluster other", "delete-user lab-admin"
        ),
        (
            """
            clusters:\n- name: lab\n  cluster: {server: \"https://192.0.2.9:6443\"}\n- name: lab\n  \
            cluster: {server: \"https://10.77.0.11:6443\"}\n
            """,
            "the cluster lab in it is another one, at https://192.0.2.9:6443", "delete-cluster lab"
        ),
    ]

    @Test("with an entry of that name that is another cluster's is left as it is", arguments: foreign.indices)
    func refused(index: Int) {
        let (text, why, fix) = Self.foreign[index]
        let problem = #expect(throws: Problem.self) { try merge(text) }
        #expect(problem?.what == "lab cannot be added to your kubeconfig; it was not changed")
        #expect(problem?.why == why)
        #expect(
            problem?.fix
                == """
                give the cluster another name (`cluster:` in the inventory), or remove that entry: kubectl config \
                \(fix)
                """
        )
    }

    @Test(
        "takes a name that looks like a number or a truth value as a text", arguments: ["123", "true", "1e5", "0x1f"])
    func oddName(name: String) throws {
        let text = try Kubeconfig(merging: Self.entries(name: name), into: nil).text
        #expect(try loaded(text)["current-context"] as? String == name)
    }

    @Test(
        "that is broken is a problem",
        arguments: ["a: [", "- just\n- a list\n", "hello", "clusters: 3\n", "users: {a: b}\n", "a: b\na: c\n"])
    func broken(existing: String) {
        let problem = #expect(throws: Problem.self) { try merge(existing) }
        #expect(problem?.fix?.hasSuffix("name another file with KUBECONFIG") == true)
    }
}
