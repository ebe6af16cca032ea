import ForgeCore
import ForgeInventory
import Testing

@Suite("The proxy of an inventory")
struct ProxyTests {
    @Test("has what leads outside, and what is reached without it")
    func isRead() throws {
        let text =
            twoHosts
            + "proxy: { http: \"http://p.example.org:3128/\", noProxy: [.example.org, '*.x.org', 10.0.0.0/8, 10.9.9.9, intra] }\n"
        let proxy = try #require(try Scratch().read(text).proxy)
        #expect(
            proxy
                == Proxy(
                    http: "http://p.example.org:3128",
                    exceptions: [".example.org", ".x.org", "10.0.0.0/8", "10.9.9.9", "intra"]))
        #expect(try Scratch().read(twoHosts).outgoing == nil)
    }

    @Test("never leads to the cluster itself, its mirrors and registries")
    func exceptions() throws {
        let text =
            twoHosts + """
                proxy: { https: "http://p:3128", noProxy: [intra] }
                imageRepository: k8s.example.org/a
                mirrors: { registries: { docker.io: "http://10.77.0.1:5000" }, python: "https://pypi.example.org/simple" }
                service: { registry: "reg.example.org:5000/x" }

                """
        #expect(
            try Scratch().read(text).outgoing?.exceptions == [
                "localhost", "127.0.0.1", ".svc", ".cluster.local", "10.244.0.0/16", "10.96.0.0/12", "192.168.56.11",
                "first",
                "192.168.56.12", "second", "pypi.example.org", "10.77.0.1", "reg.example.org", "k8s.example.org",
                "intra",
            ])
    }

    @Test(
        "that cannot be one is told with its place",
        arguments: [
            ("proxy: {}", "proxy: names no proxy"),
            ("proxy: { http: p:3128 }", "proxy.http: needs a URL that begins with http:// or https://"),
            ("proxy: { http: \"http://me:secret@p:3128\" }", "proxy.http: has a user name in it"),
            (
                "proxy: { http: \"http://p\", noProxy: [\"a b\"] }",
                "proxy.noProxy[0]: needs a host, a domain such as .example.org"
            ),
            ("proxy: { htp: \"http://p\" }", "proxy.htp: unknown key"),
        ])
    func faults(line: String, told: String) throws {
        let problems = try Scratch().problems(Array((twoHosts + line + "\n").utf8))
        #expect(problems.contains { $0.hasPrefix("inventory.yaml:10:") && $0.contains(told) }, "\(problems)")
    }

    @Test("is not needed for cri-dockerd from a mirror, whose digest is one")
    func criDockerd() throws {
        let sum = String(repeating: "0A", count: 32)
        let read = try Scratch().read(
            twoHosts + "mirrors: { criDockerd: { url: \"https://m/cri-{arch}.tgz\", sha256: \(sum) } }\n"
        ).mirrors
        #expect(read.criDockerd == .init(url: "https://m/cri-{arch}.tgz", sha256: sum.lowercased()))
        let problems = try Scratch().problems(
            Array((twoHosts + "mirrors: { criDockerd: { url: \"https://m/x\", sha256: 12 } }\n").utf8))
        #expect(problems.first?.contains("needs the 64 hexadecimal digits of the file's sha256") == true)
    }
}
