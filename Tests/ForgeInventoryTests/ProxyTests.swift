import ForgeCore
import ForgeInventory
import Testing

@Suite("The proxy of an inventory")
struct ProxyTests {
    @Test("has what leads outside, and what is reached without it")
    func isRead() throws {
        let text =
            twoHosts
                + """
                proxy: { http: \"http://p.example.org:3128/\", noProxy: [.example.org, '*.x.org', 10.0.0.0/8, \
                10.9.9.9, intra] }\n
                """
        let proxy = try #require(try Scratch().read(text).proxy)
        #expect(
            proxy
                == Proxy(
                    http: "http://p.example.org:3128",
                    exceptions: [".example.org", ".x.org", "10.0.0.0/8", "10.9.9.9", "intra"]))
        #expect(try Scratch().read(twoHosts).outgoing == nil)
    }

    /// What every cluster reaches without it.
    private static let own = [
        "localhost", "127.0.0.1", ".svc", ".cluster.local", "10.244.0.0/16", "10.96.0.0/12", "192.168.56.11", "first",
        "192.168.56.12", "second",
    ]

    @Test("never leads to the cluster itself, nor to mirrors and registries that only the hosts' own network knows")
    func exceptions() throws {
        let text =
            twoHosts + """
                proxy: { https: "http://p:3128", noProxy: [intra] }
                imageRepository: k8s.corp.Internal/a
                mirrors: { registries: { ghcr.io: "http://10.77.0.4", docker.io: "http://10.77.0.1:5000", \
                quay.io: "http://10.77.0.3", registry.k8s.io: "http://10.77.0.5", gcr.io: "http://10.77.0.2" }, \
                python: "https://pypi/simple" }
                service: { registry: "reg.mlops.svc:5000/x" }

                """
        #expect(
            try Scratch().read(text).outgoing?.exceptions
                == Self.own + ["pypi"] + (1...5).map { "10.77.0.\($0)" }
                + ["reg.mlops.svc", "k8s.corp.Internal", "intra"])
    }

    /// Behind a proxy that is the only way out, these can be had through it alone.
    @Test("leads to mirrors and registries with a name of the internet, unless noProxy has them")
    func outside() throws {
        func exceptions(_ more: String) throws -> [String]? {
            let text =
                twoHosts + """
                    proxy: { https: "http://p:3128", noProxy: [\(more)] }
                    imageRepository: registry.aliyuncs.com/google_containers
                    mirrors: { registries: { docker.io: "https://mirror.gcr.io" }, python: \
                    "https://pypi.example.org/simple" }
                    service: { registry: ghcr.io/team }

                    """
            return try Scratch().read(text).outgoing?.exceptions
        }
        #expect(try exceptions("") == Self.own)
        #expect(try exceptions(".example.org") == Self.own + [".example.org"])
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
