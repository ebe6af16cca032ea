import ForgeCore
import ForgePlan
import Testing

@testable import ForgeKubernetes

/// The name servers that the kubelet will give to pods.
extension PreflightTests {
    private func nameServers() throws -> any Step {
        let facts = ["kubmaster": Example.facts("1"), "kubnode": Example.facts("2")]
        return try #require(
            preflight(Example.cluster(), facts).steps(for: Example.node).first {
                $0.title == "pods can reach its name servers"
            })
    }

    static let resolv = "/etc/resolv.conf"
    private static let itself = "which in a pod is the pod itself"

    @Test(
        "has no name server that a pod could ask",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.53 127.0.0.1", "127.0.0.53, 127.0.0.1"),
            ("127.0.0.1 ::1 127.0.0.1", "127.0.0.1, ::1"), ("192.168.1.1", nil), ("127.0.0.1 192.168.1.1", nil),
            ("fe80::1%eth0", nil), ("127.0.0.example", nil),
        ])
    func nameServers(servers: String, named: String?) throws {
        let lines = servers.split(separator: " ").map { " nameserver\t\($0) \n" }.joined()
        let text = "# nameserver 9.9.9.9\nsearch lan\nnameserver\n\(lines)"
        let found = try nameServers().texts([.contents(Self.resolv): .contents(Array(text.utf8))])
        #expect(found == (named.map { ["\(Self.resolv) names no other name server than \($0), \(Self.itself)"] } ?? []))
        #expect(
            try nameServers().refusal(of: ["x"], on: Example.node)?.fix == """
                name there the servers that the one on loopback asks itself, such as the router; or give pods a file \
                of their own: `echo nameserver ADDRESS | sudo tee /etc/resolv-pods.conf` and `echo \
                KUBELET_EXTRA_ARGS=--resolv-conf=/etc/resolv-pods.conf | sudo tee -a /etc/default/kubelet` on kubnode
                """)
    }

    @Test("has no name server at all")
    func noNameServers() throws {
        let empty = Answer.contents(Array("# nameserver 9.9.9.9\nsearch lan\nnameserver\n".utf8))
        #expect(try nameServers().texts([.contents(Self.resolv): empty]) == ["\(Self.resolv) names no name server"])
        #expect(try nameServers().texts([:]) == ["\(Self.resolv) is missing"])
    }

    /// As kubeadm decides which file the kubelet reads.
    @Test("has its name servers in the file that the kubelet will read")
    func nameServerFile() throws {
        let step = try nameServers()
        func contents(_ text: String) -> Answer { .contents(Array(text.utf8)) }
        let resolved = "/run/systemd/resolve/resolv.conf"
        var answers: [Question: Answer] = [
            .contents(Self.resolv): contents("nameserver 127.0.0.53\n"),
            .contents(resolved): contents("nameserver 192.168.1.1\n"),
            .unit("systemd-resolved.service"): .unit(UnitState(active: "active", enabled: "enabled")),
        ]
        #expect(step.texts(answers) == [])
        answers[.contents(resolved)] = contents("nameserver 127.0.0.1\n")
        #expect(step.texts(answers) == ["\(resolved) names no other name server than 127.0.0.1, \(Self.itself)"])
        answers[.unit("systemd-resolved.service")] = .unit(UnitState(active: "inactive", enabled: "disabled"))
        let found = ["\(Self.resolv) names no other name server than 127.0.0.53, \(Self.itself)"]
        #expect(step.texts(answers) == found)
        let flags = "KUBELET_EXTRA_ARGS=\"--v=2 --resolv-conf=/etc/resolv-pods.conf\"\n"
        answers[.contents("/etc/default/kubelet")] = contents(flags)
        #expect(step.texts(answers) == [])
        answers[.contents("/etc/default/kubelet")] = contents("# \(flags)")
        #expect(step.texts(answers) == found)
        answers[.file("/var/lib/kubelet/config.yaml")] = .file(FileState())
        #expect(step.texts(answers) == [], "a node says itself how it is")
    }
}
