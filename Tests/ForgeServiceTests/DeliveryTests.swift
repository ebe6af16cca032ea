import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("An image on its way to the nodes")
struct DeliveryTests {
    @Test(
        "is looked for in the node's runtime",
        arguments: [
            (Cluster.Runtime.containerd, "ctr --namespace k8s.io images check -q name==docker.io/library/inference:0123456789abcdef"),
            (.docker, "docker image inspect --format '{{.Id}}' -- docker.io/library/inference:0123456789abcdef"),
        ])
    func isLookedFor(runtime: Cluster.Runtime, look: String) {
        let step = ImageIsOnNode(
            Example.release, runtime: runtime, route: LayeredRoute(from: Example.master, runtime: runtime, folder: "/c"))
        #expect(step.title == "\(runtime.rawValue) has inference:0123456789abcdef")
        #expect(step.looks == ["ls -A -- /var/lib/kubeforge/passing 2>/dev/null || :", look])
        func differences(_ exitCode: Int, _ text: String, left: String = "") -> [String] {
            let answers = Example.answers([
                PackedArchive.look: CommandState(exitCode: 0, text: left), look: CommandState(exitCode: exitCode, text: text),
            ])
            return step.differences(given: answers).map(\.text)
        }
        #expect(differences(0, "docker.io/library/inference:0123456789abcdef") == [])
        #expect(differences(0, "") == ["docker.io/library/inference:0123456789abcdef is missing"])
        #expect(differences(1, "") == ["docker.io/library/inference:0123456789abcdef is missing"])
        #expect(differences(0, "yes", left: "new.aB3dE6\n") == ["an earlier run that was cut short left new.aB3dE6"])
    }

    @Test("goes to the registry that the inventory names")
    func goesToRegistry() async throws {
        let release = Release(name: "inference", tag: "0123456789abcdef", registry: "registry.example:5000/team")
        let step = ImageIsPushed(release)
        #expect(step.looks == ["timeout 20 docker manifest inspect --insecure registry.example:5000/team/inference:0123456789abcdef"])
        #expect(step.differences(whenLookEnds: 1) == ["the registry does not have registry.example:5000/team/inference:0123456789abcdef"])
        #expect(step.differences(whenLookEnds: 0) == [])
        let builder = ScriptedTransport {
            $0.words[1] == "push" ? .failed(1, "denied: requested access to the resource is denied\n") : Output("")
        }
        let error = await #expect(throws: Problem.self) { try await step.apply(to: Machine(host: Example.master, transport: builder)) }
        #expect(
            error?.description == """
                kubmaster: `sudo docker push -- registry.example:5000/team/inference:0123456789abcdef` failed with exit code 1
                  why  denied: requested access to the resource is denied
                  fix  on kubmaster, as root: `docker login registry.example:5000`; a registry without TLS must be in mirrors: registries: with http://
                """)
    }
}
