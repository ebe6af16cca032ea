import ForgeCore
import Testing

@testable import ForgeKubernetes

@Suite("An admin.conf")
struct AdminConfigTests {
    private func taken(_ text: String) throws -> AdminConfig {
        try AdminConfig(text, server: "https://10.77.0.11:6443", source: "admin.conf of tm")
    }

    @Test("as kubeadm writes it gives an authority, a certificate and a key")
    func asWritten() throws {
        let admin = try taken(Recorded.adminConfig())
        #expect(
            [admin.authority, admin.certificate, admin.key] == [Recorded.authority, Recorded.certificate, Recorded.key])
        let namespaced = Recorded.adminConfig().replacing(
            "    user: kubernetes-admin\n", with: "    namespace: mlops\n    user: kubernetes-admin\n")
        #expect(try taken("# ours\n" + namespaced) == admin)
    }

    /// What a machine might say, in the place of a line of its own, and the reason that is given for not taking it.
    static let hostile: [(line: String, instead: String, reason: String)] = [
        (
            "    client-key-data: ", "    exec:\n      command: /bin/sh\n      args: [-c, id]\n    client-key-data: ",
            "it holds \"exec\""
        ),
        ("    client-key-data: ", "    \"exec\": {command: id}\n    client-key-data: ", "it holds \"\\\"exec\\\"\""),
        ("    client-key-data: ", "    ? exec\n    : {command: id}\n    client-key-data: ", "it holds \"? exec\""),
        (
            "    client-key-data: ", "    auth-provider:\n      name: gcp\n    client-key-data: ",
            "it holds \"auth-provider\""
        ),
        (
            "    client-key-data: ", "    tokenFile: /home/me/.ssh/id_ed25519\n    client-key-data: ",
            "it holds \"tokenFile\""
        ),
        ("    client-key-data: ", "    token: abc\n    client-key-data: ", "it holds \"token\""),
        (
            "    client-key-data: ", "    client-key: /home/me/.ssh/id_ed25519\n    client-key-data: ",
            "it holds \"client-key\""
        ),
        ("    client-key-data: ", "    <<: *other\n    client-key-data: ", "it holds \"<<\""),
        (
            "    client-certificate-data: ", "    client-certificate: /etc/passwd\n    client-certificate-data: ",
            "it holds \"client-certificate\""
        ),
        ("    server: ", "    proxy-url: http://evil\n    server: ", "it holds \"proxy-url\""),
        ("    server: ", "    insecure-skip-tls-verify: true\n    server: ", "it holds \"insecure-skip-tls-verify\""),
        ("    server: ", "    tls-server-name: evil\n    server: ", "it holds \"tls-server-name\""),
        ("    server: ", "    server: https://10.77.0.11:6443\n    server: ", "it holds server twice"),
        ("preferences: {}", "preferences: {colors: true}", "the value of preferences is not a plain one"),
        ("kind: Config", "kind: &a Config", "the value of kind is not a plain one"),
        ("kind: Config", "kind: {a: {b: c}}", "the value of kind is not a plain one"),
        ("kind: Config", "kind: Config\n---\nkind: Config", "it holds kind twice"),
        (
            "https://10.77.0.11:6443", "https://evil.example.com:6443",
            "its server is https://evil.example.com:6443, not https://10.77.0.11:6443"
        ),
        (Recorded.authority, "", "it holds no certificate-authority-data"),
        (Recorded.authority, "!!!!", "the value of certificate-authority-data is not a plain one"),
        (Recorded.authority, "aGVsbG8=", "certificate-authority-data is not base64 of PEM (CERTIFICATE)"),
        (Recorded.authority, "aGVsbG8", "certificate-authority-data is not base64 of PEM (CERTIFICATE)"),
        (Recorded.authority, Recorded.key, "certificate-authority-data is not base64 of PEM (CERTIFICATE)"),
        // An empty line, and a certificate without an end.
        (Recorded.authority, "Cg==", "certificate-authority-data is not base64 of PEM (CERTIFICATE)"),
        (
            Recorded.authority, "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSQo=",
            "certificate-authority-data is not base64 of PEM (CERTIFICATE)"
        ),
        (
            Recorded.certificate, Recorded.pem("CERTIFICATE", "a\nb: c"),
            "client-certificate-data is not base64 of PEM (CERTIFICATE)"
        ),
        (Recorded.key, Recorded.certificate, "client-key-data is not base64 of PEM (PRIVATE KEY)"),
    ]

    @Test("with anything else is refused as a whole", arguments: hostile.indices)
    func refused(index: Int) throws {
        let (line, instead, reason) = Self.hostile[index]
        let text = Recorded.adminConfig().replacing(line, with: instead)
        #expect(text != Recorded.adminConfig())
        let problem = #expect(throws: Problem.self) { try taken(text) }
        #expect(problem?.what == "admin.conf of tm was rejected: \(reason)")
        #expect(problem?.fix?.contains("sudo kubeadm init phase kubeconfig admin") == true)
    }

    @Test("has certificates of 48 KiB at most")
    func large() throws {
        let largest = Recorded.pem("CERTIFICATE", String(repeating: "A", count: 49_097))
        #expect(largest.utf8.count == 65_536)
        #expect(try taken(Recorded.adminConfig(authority: largest)).authority == largest)
        let larger = Recorded.pem("CERTIFICATE", String(repeating: "A", count: 49_098))
        let problem = #expect(throws: Problem.self) { try taken(Recorded.adminConfig(authority: larger)) }
        #expect(
            problem?.what == """
                admin.conf of tm was rejected: certificate-authority-data is not base64 of PEM (CERTIFICATE)
                """)
    }

    @Test(
        "that is empty, or not one at all, is refused",
        arguments: ["", "\n\n", "hello", "a: [", "\u{0}\u{1}", "- - - -"])
    func nothing(text: String) {
        #expect(throws: Problem.self) { try taken(text) }
    }
}
