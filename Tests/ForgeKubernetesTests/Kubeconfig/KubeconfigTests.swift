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

    func merge(_ existing: String?, server: String = "https://10.77.0.11:6443", others: [String] = []) throws
        -> Kubeconfig
    {
        try Kubeconfig(merging: Self.entries(server: server, others: others), into: existing)
    }

    func loaded(_ text: String) throws -> [String: Any] {
        try #require(try Yams.load(yaml: text) as? [String: Any])
    }

    func names(_ config: [String: Any], _ list: String) -> [String] {
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

    @Test(
        "takes a name that looks like a number or a truth value as a text", arguments: ["123", "true", "1e5", "0x1f"])
    func oddName(name: String) throws {
        let text = try Kubeconfig(merging: Self.entries(name: name), into: nil).text
        #expect(try loaded(text)["current-context"] as? String == name)
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
}
