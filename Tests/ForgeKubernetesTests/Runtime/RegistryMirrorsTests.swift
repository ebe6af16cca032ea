import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("Mirrors of registries")
struct RegistryMirrorsTests {
    private let mirrors = RegistryMirrors(
        cluster: Example.cluster { cluster in
            cluster.mirrors = Mirrors(registries: [
                "docker.io": "http://10.77.0.1:5000", "registry.k8s.io": "https://mirror.example/k8s",
            ])
            cluster.service.registry = "10.77.0.1:5000/images"
        })

    @Test("become a hosts.toml each, the upstream last")
    func containerd() {
        let files = mirrors.containerdFiles()
        #expect(
            files.map(\.file.path)
                == ["docker.io", "registry.k8s.io", "10.77.0.1:5000"].map { "/etc/containerd/certs.d/\($0)/hosts.toml" }
        )
        #expect(
            files.map(\.title) == [
                "docker.io is pulled from http://10.77.0.1:5000",
                "registry.k8s.io is pulled from https://mirror.example/k8s",
                "10.77.0.1:5000 is accessed over plain HTTP",
            ])
        #expect(
            String(decoding: files[0].file.content, as: UTF8.self) == """
                # Written by kubeforge.
                server = "https://registry-1.docker.io"

                [host."http://10.77.0.1:5000"]
                  capabilities = ["pull", "resolve"]

                """)
        #expect(
            String(decoding: files[2].file.content, as: UTF8.self).contains(
                "capabilities = [\"pull\", \"resolve\", \"push\"]"))
    }

    @Test("are in the order of the registries' names")
    func order() {
        let names = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"]
        let cluster = Example.cluster { cluster in
            for name in names { cluster.mirrors.registries[name] = "http://10.77.0.1:5000" }
        }
        let paths = RegistryMirrors(cluster: cluster).containerdFiles().map(\.file.path)
        #expect(paths == names.map { "/etc/containerd/certs.d/\($0)/hosts.toml" })
    }

    @Test("that are not named leave the runtimes as they are")
    func none() {
        #expect(RegistryMirrors(cluster: Example.cluster()).containerdFiles().isEmpty)
        #expect(DockerDaemon(cluster: Example.cluster()).merged(into: JSONMembers())["registry-mirrors"] == nil)
    }

    @Test("give Docker Engine another name to pull by where it knows no mirrors")
    func dockerMirror() {
        let mirrors = Mirrors(registries: [
            "registry.k8s.io": "http://10.77.0.1:5000/", "ghcr.io": "https://mirror.example",
        ])
        #expect(
            DockerMirror.source(of: "registry.k8s.io/coredns/coredns:v1.8", mirrors)?.reference
                == "10.77.0.1:5000/coredns/coredns:v1.8")
        #expect(DockerMirror.source(of: "ghcr.io/flannel-io/flannel:v0.28.9", mirrors)?.host == "mirror.example")
        #expect(DockerMirror.source(of: "docker.io/library/python:3", mirrors) == nil)
        #expect(DockerMirror.source(of: "python", mirrors) == nil)
    }
}

@Suite("The cluster's registry")
struct RegistryTrustTests {
    @Test(
        "is believed where pods run, if one service or more has no other registry",
        arguments: [
            ([nil], true), (["registry.example/a"], false), (["registry.example/a", nil], true),
            (["registry.example/a", "registry.example/b"], false),
        ] as [([String?], Bool)])
    func trusted(registries: [String?], isTrusted: Bool) {
        let cluster = Example.cluster { cluster in
            cluster.services = registries.enumerated().map { number, registry in
                var service = Service()
                service.name = "service-\(number)"
                service.registry = registry
                return service
            }
        }
        let links = cluster.hosts.map { RegistryTrust(cluster).steps($0).compactMap { ($0 as? LinkIs)?.title } }
        #expect(links == [[], isTrusted ? ["containerd trusts the certificate of the cluster's registry"] : []])
    }
}

@Suite("A proxy")
struct ServiceProxyTests {
    private let cluster = Example.cluster("1.36.2") { $0.proxy = Proxy(http: "http://p:3128", https: "http://p:3128") }
    private let exceptions =
        "localhost,127.0.0.1,.svc,.cluster.local,10.244.0.0/16,10.96.0.0/12,10.77.0.11,kubmaster,10.77.0.12,kubnode"

    @Test("reaches containerd and Docker by a drop-in, and they are restarted when it changes")
    func units() throws {
        let runtime = ContainerRuntime(cluster: cluster, templates: try Example.templates)
        let steps = try runtime.steps(Example.facts()) + runtime.builder(Example.facts())
        for unit in ["containerd.service", "docker.service"] {
            let path = "/etc/systemd/system/\(unit).d/kubeforge-proxy.conf"
            let file = try #require(steps.compactMap { $0 as? FileIs }.first { $0.file.path == path })
            #expect(file.title == "\(unit) uses the proxy http://p:3128")
            #expect(
                String(decoding: file.file.content, as: UTF8.self) == """
                    # Written by kubeforge.
                    [Service]
                    Environment="HTTP_PROXY=http://p:3128"
                    Environment="HTTPS_PROXY=http://p:3128"
                    Environment="NO_PROXY=\(exceptions)"

                    """)
            let service = try #require(steps.compactMap { $0 as? Unit }.first { $0.name == unit })
            #expect(service.runningSince.contains("/etc/systemd/system/\(unit).d"))
        }
    }

    @Test("that the inventory no longer has is gone from them, too")
    func gone() throws {
        let step = ServiceProxy(unit: "containerd.service", proxy: nil).step
        let path = "/etc/systemd/system/containerd.service.d/kubeforge-proxy.conf"
        #expect(step.texts([.file(path): .file(FileState(sha256: "a", written: ["a"]))]) == ["\(path) exists"])
        #expect(step.texts([.file(path): .file(nil)]) == [])
    }

    @Test("with a per cent sign in its address is not taken for a specifier of systemd")
    func specifiers() throws {
        let step = try #require(ServiceProxy(unit: "x", proxy: Proxy(http: "http://p/%41")).step as? FileIs)
        #expect(String(decoding: step.file.content, as: UTF8.self).contains("\"HTTP_PROXY=http://p/%%41\""))
    }

    @Test("reaches every call of apt, curl, ctr and kubeadm, and its exceptions have the cluster in them")
    func calls() async throws {
        let plan = try Example.plan(cluster)
        let packages = plan.stages.flatMap(\.work).flatMap(\.steps).compactMap { $0 as? Packages }
        #expect(packages.count == 7)
        let looks = Output(String(repeating: frame(""), count: 20))
        func lines(_ step: any Step) async -> [String] {
            let transport = ScriptedTransport {
                if $0.isLook { return looks }
                return Output($0.line.contains("echo bare") ? "bare" : "registry.k8s.io/pause:3.10.2")
            }
            try? await step.apply(to: Machine(host: Example.master, transport: transport))
            return await transport.changes
        }
        for step in packages {
            #expect(await lines(step).first?.contains("NO_PROXY=\(exceptions) ") == true, "\(step.title)")
            #expect(
                await lines(step).first?.contains("-o Acquire::https::Proxy=http://p:3128") == true, "\(step.title)")
        }
        let through = "env HTTP_PROXY=http://p:3128 HTTPS_PROXY=http://p:3128 NO_PROXY=\(exceptions) http_proxy="
        let control = ControlPlane(host: Example.master, cluster: cluster, configuration: "")
        #expect(await lines(control).contains { $0.hasPrefix(through) && $0.contains(" kubeadm init ") })
        let images = ControlPlaneImages(cluster: cluster, configPath: "/c")
        #expect(await lines(images).last?.hasPrefix(through) == true)
        let cri = try CRIDockerd(cluster: cluster, templates: Example.templates).steps(Example.facts())[0]
        #expect(await lines(cri).first?.hasPrefix(through) == true)
        let repository = try KubernetesPackages(cluster: cluster).repository(Example.facts())
        #expect(await lines(repository).first?.hasPrefix(through) == true)
    }
}
