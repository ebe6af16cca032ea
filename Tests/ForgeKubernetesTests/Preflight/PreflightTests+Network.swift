import ForgeCore
import ForgeInventory
import ForgePlan
import Testing

@testable import ForgeKubernetes

/// Its own address, and how it goes out.
extension PreflightTests {
    @Test("has an address on no interface, as a cloud's public ones are")
    func address() {
        let own = [
            Facts.Interface("ens5", "172.31.4.2"), Facts.Interface("docker0", "172.17.0.1"),
            Facts.Interface("cni0", "10.244.0.1"), Facts.Interface("-", "192.168.5.2"),
        ]
        #expect(
            findings { $0.addresses = own } == [
                [
                    "its address is on one of its interfaces",
                    "10.77.0.11 is on none; it has 172.31.4.2 (ens5), 192.168.5.2",
                    """
                    in inventory/lab.yaml: `address: 172.31.4.2` is what the machines use among themselves, and `ssh: \
                    { address: 10.77.0.11 }` of this host is where SSH goes
                    """,
                ]
            ])
        #expect(findings { $0.addresses = own + [Facts.Interface("ens6", "10.77.0.11")] } == [])
        #expect(findings { $0.addresses = [] } == [])
    }

    @Test("goes out through a proxy that only its own environment names, before its first installation")
    func proxy() {
        let change: (inout Facts) -> Void = { $0.proxy = "http://p:3128" }
        #expect(
            findings(change) == [
                [
                    "the proxy in its environment is in the inventory",
                    "its environment names http://p:3128, and kubeforge would not use it",
                    """
                    if it cannot reach packages and images in any other way, write into inventory/lab.yaml: `proxy: { \
                    http: http://p:3128, https: http://p:3128 }`; else name mirrors there (mirrors:), or take it out \
                    of the environment of ubuntu (/etc/environment) on kubmaster
                    """,
                ]
            ])
        func found(installed: String? = nil, _ change: (inout Cluster) -> Void = { _ in }) -> Int {
            let facts = ["kubmaster": Example.facts("1") { $0.proxy = "http://p:3128" }]
            let cluster = Example.cluster("1.36.2", change)
            return preflight(cluster, facts).steps(for: Example.master).count {
                $0.title == "the proxy in its environment is in the inventory"
                    && !$0.differences(
                        given: Answers([.package("kubelet"): .package(PackageState(installed: installed))])
                    ).isEmpty
            }
        }
        #expect(found() == 1)
        #expect(found(installed: "1.36.2-1.1") == 0)
        #expect(found { $0.proxy = Proxy(https: "http://other:3128") } == 0)
        #expect(found { $0.mirrors.kubernetes = .init(url: "http://10.77.0.1", key: .file(path: "k")) } == 0)
    }
}
