import ForgeCore
import Testing
import Yams

@testable import ForgeKubernetes

/// Its text: what stays of others' lines, comments and values, and where the new lines go.
extension KubeconfigTests {
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
}
