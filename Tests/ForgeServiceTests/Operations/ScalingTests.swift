import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("Another number of pods")
struct ScalingTests {
    private static func deployment(_ image: String) -> String {
        #"""
        {"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{"containers":[{\#
        "image":"\#(image)"}]}}}}
        """#
    }

    private func plan(_ count: Int, _ found: String, exitCode: Int = 0) async throws -> Plan {
        let host = ScriptedTransport { _ in Output(answering: CommandState(exitCode: exitCode, text: found)) }
        return try await Scaling(Service(), to: count).plan(on: Example.master, over: host)
    }

    @Test("is told to the Deployment, and waited for with the release that runs")
    func plan() async throws {
        let plan = try await plan(3, Self.deployment("10.77.0.11:5443/mlops/inference:0123456789abcdef"))
        #expect(plan.stages.map(\.name) == ["the service has 3 pods"])
        #expect(
            plan.stages[0].work[0].steps.map(\.title) == [
                "inference is scaled to 3 replicas", "3 pods are ready with inference:0123456789abcdef",
                "no more pods of inference than 3 are left",
            ])
    }

    @Test("is for the service's own image, whatever else a template of the user's has beside it")
    func beside() async throws {
        let own = "10.77.0.11:5443/mlops/inference:0123456789abcdef"
        let found = Self.deployment(own).replacing("}]}}}}", with: "},{\"image\":\"proxy:1\"}]}}}}")
        #expect(found.contains("proxy:1"))
        let steps = try await plan(1, found).stages[0].work[0].steps
        #expect(steps[1].title == "1 pod is ready with inference:0123456789abcdef")
    }

    @Test("may be none: then only their end is waited for")
    func none() async throws {
        let plan = try await plan(0, Self.deployment("registry.example:5000/team/inference:0123456789abcdef"))
        #expect(
            plan.stages[0].work[0].steps.map(\.title) == [
                "inference is scaled to 0 replicas", "no pod of inference is left",
            ])
    }

    @Test("needs a service that is there, and is kubeforge's")
    func refused() async {
        let missing = await #expect(throws: Problem.self) { try await plan(1, "") }
        #expect(missing?.what == "kubmaster: the cluster has no service inference in namespace mlops")
        let foreign = await #expect(throws: Problem.self) { try await plan(1, Self.deployment("nginx:1.27")) }
        #expect(
            foreign?.description == """
                kubmaster: Deployment inference runs nginx:1.27, which is not a release of kubeforge
                  fix  scale it as you made it: `kubectl -n mlops scale deployment inference --replicas=1`
                """)
        let silent = await #expect(throws: Problem.self) { try await plan(1, "", exitCode: 1) }
        #expect(silent?.what == "kubmaster: the cluster's API does not answer")
    }

    @Test("changes what the Deployment wants, and nothing else")
    func replicas() async throws {
        let step = ReplicasAre(3, of: Service())
        #expect(step.differences(whenLookEnds: 0, "2") == ["replicas: 2 → 3"])
        #expect(step.differences(whenLookEnds: 0, "3\n") == [])
        let host = ScriptedTransport { _ in Output("") }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(
            await host.commands.map(\.line) == [
                """
                kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops scale \
                deployment/inference --replicas=3
                """
            ])
    }

    @Test("waits for pods that still end, and not for those that have ended")
    func ending() async throws {
        let step = try await plan(1, Self.deployment("10.77.0.11:5443/mlops/inference:0123456789abcdef")).stages[0]
            .work[0].steps[2]
        func pods(_ phases: String...) -> String {
            let items = phases.map { #"{"kind":"Pod","metadata":{"name":"a"},"status":{"phase":"\#($0)"}}"# }
            return "{\"items\":[\(items.joined(separator: ","))]}"
        }
        #expect(step.differences(whenLookEnds: 0, pods("Running", "Running")) == ["2 pods are there"])
        #expect(step.differences(whenLookEnds: 0, pods("Running", "Failed")) == [])
    }

    @Test("lasts until the next deploy, which is said")
    func next() {
        func next(_ count: Int) -> [String] {
            Scaling(Service(), to: count).next(inventory: "lab.yaml", argument: " lab.yaml")
        }
        #expect(next(2) == ["kubeforge smoke-test lab.yaml"])
        #expect(
            next(5) == [
                "write `replicas: 5` under service: in lab.yaml, or the next deploy goes back to 2",
                "kubeforge smoke-test lab.yaml",
            ])
        #expect(next(0) == ["kubeforge scale 2 lab.yaml   (nothing answers until then; a deploy does that, too)"])
    }
}
