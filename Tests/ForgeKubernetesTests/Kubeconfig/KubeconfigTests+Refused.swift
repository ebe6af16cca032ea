import ForgeCore
import Testing

@testable import ForgeKubernetes

/// One that is left as it is: it cannot be read, or has entries of another cluster by the same names.
extension KubeconfigTests {
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

    @Test(
        "that is broken is a problem",
        arguments: ["a: [", "- just\n- a list\n", "hello", "clusters: 3\n", "users: {a: b}\n", "a: b\na: c\n"])
    func broken(existing: String) {
        let problem = #expect(throws: Problem.self) { try merge(existing) }
        #expect(problem?.fix?.hasSuffix("name another file with KUBECONFIG") == true)
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
}
