import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("An image on its way to the nodes")
struct DeliveryTests {
    private let own = Example.cluster(
        mirrors: Mirrors(registries: ["docker.io": "http://plain.example:5000"]),
        service: Service(registry: "registry.example:5000/team"))

    @Test("goes to the cluster's registry, which is asked for it with the password out of a file")
    func goesToClustersRegistry() async throws {
        let step = ImageIsPushed(Example.release, of: Example.cluster())
        #expect(step.title == "10.77.0.11:5443/mlops/inference:0123456789abcdef is in its registry")
        let look = try #require(step.looks.first)
        #expect(
            look.hasPrefix(
                "curl -q -K /var/lib/kubeforge/registry/login/curl --cacert /etc/kubernetes/pki/ca.crt --noproxy '*' "))
        #expect(look.hasSuffix(" https://10.77.0.11:5443/v2/mlops/inference/manifests/0123456789abcdef"))
        #expect(step.differences(whenLookEnds: 22) == ["the registry does not have \(Example.release.reference)"])
        #expect(step.differences(whenLookEnds: 0) == [])
        let said =
            "5f70bf18a086: Layer already exists\nd310e774110a: Pushed\n4e5021d210f6: Mounted from mlops/inference\n"
        let news = Notes()
        let builder = ScriptedTransport { $0.line.contains("docker push") ? Output(said) : Output("") }
        try await step.apply(
            to: Machine(
                host: Example.master, transport: builder,
                onNews: { if case .detail(let detail) = $0 { news.report(.note(detail.text)) } }))
        #expect(news.all == ["1 of 3 layers were new to it"])
        let lines = await builder.commands.map(\.line)
        #expect(lines[0] == "docker tag -- inference:0123456789abcdef 10.77.0.11:5443/mlops/inference:0123456789abcdef")
        #expect(lines[1].hasSuffix("/var/lib/kubeforge/registry/lock /var/lib/kubeforge/registry/login"))
    }

    @Test("goes to the registry that the inventory names")
    func goesToRegistry() async throws {
        let release = Release(name: "inference", tag: "0123456789abcdef", registry: "registry.example:5000/team")
        let step = ImageIsPushed(release, of: own)
        #expect(
            step.looks == [
                """
                timeout 20 env DOCKER_CONFIG=/var/lib/kubeforge/registries/registry.example:5000-ba336076 docker \
                manifest inspect registry.example:5000/team/inference:0123456789abcdef
                """
            ])
        #expect(
            step.differences(whenLookEnds: 1) == [
                "the registry does not have registry.example:5000/team/inference:0123456789abcdef"
            ])
        #expect(step.differences(whenLookEnds: 0) == [])
        let builder = ScriptedTransport {
            $0.line.contains("push") ? .failed(1, "denied: requested access to the resource is denied\n") : Output("")
        }
        let error = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: builder))
        }
        #expect(error?.why == "denied: requested access to the resource is denied")
        #expect(
            error?.fix
                == """
                does registry.example:5000 let you push? Name who may in the inventory (service: registry: \
                username:, passwordFile:), or on kubmaster, as root: `docker login registry.example:5000`; a \
                registry without TLS must be in mirrors: registries: with http://
                """
        )
    }

    @Test(
        "is told by its layers, as far as Docker tells of them",
        arguments: [
            ("", nil), ("The push refers to repository [x]\n", nil), ("a: Pushed\n", "1 of 1 layers were new to it"),
            ("a: Layer already exists\n", "0 of 1 layers were new to it"),
        ] as [(String, String?)])
    func layers(said: String, told: String?) {
        #expect(PushedLayers(printed: said).difference?.text == told)
    }

    @Test("is asked for without TLS only where the inventory says http")
    func plainly() {
        let release = Release(name: "inference", tag: "0123456789abcdef", registry: "plain.example:5000")
        var cluster = own
        cluster.service.registry = "plain.example:5000"
        #expect(
            ImageIsPushed(release, of: cluster).looks[0].contains(
                "docker manifest inspect --insecure plain.example:5000/"))
    }
}
