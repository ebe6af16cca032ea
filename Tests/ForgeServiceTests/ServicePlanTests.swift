import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("The plan of a deploy")
struct ServicePlanTests {
    private func plan(_ cluster: Cluster) throws -> Plan {
        try ServicePlan.make(cluster: cluster, context: Example.context(), templates: Templates(), by: "ann@desk")
    }

    private func text(_ plan: Plan) -> String {
        plan.stages.map { stage in
            stage.name + "\n"
                + stage.work.flatMap { work in work.steps.map { "  \(work.host.name): \($0.title)\n" } }.joined()
        }.joined()
    }

    @Test("reads as its titles")
    func reads() throws {
        try Golden("plan.txt").expect(text(plan(Example.cluster())))
    }

    @Test(
        "pushes to the registry that the inventory names, with the login that Docker has or the one that the inventory has"
    )
    func pushes() throws {
        try Golden("plan-registry.txt").expect(
            text(plan(Example.cluster(service: Service(registry: "registry.example:5000")))))
    }

    @Test("waits for the load balancer that was asked for, and looks into Docker where Docker runs the pods")
    func loadBalancer() throws {
        var cluster = Example.cluster(runtime: .docker, service: Service(replicas: 1, expose: .loadBalancer))
        cluster.hosts[0].isSchedulable = true
        try Golden("plan-docker-loadbalancer.txt").expect(text(plan(cluster)))
    }

    @Test("asks a host everything in one look")
    func asksOnce() async throws {
        let plan = try plan(Example.cluster())
        let looks = plan.questions(for: "kubmaster").count + plan.questions(for: "kubnode").count
        #expect(looks == 38)
        let scripts = ScriptedTransport { _ in nil }
        let fleet = await Fleet.connect([Example.master, Example.node], width: 2) { _ in scripts }
        _ = await Executor(fleet: fleet, reporter: Silence(), options: .init(isDryRun: true)).run(plan)
        #expect(await scripts.commands.count == 2)
    }

    @Test("says what to do when the cluster is not there yet")
    func preflight() async throws {
        let requirement = try #require(try plan(Example.cluster()).stages[0].steps(for: "kubmaster").first)
        #expect(requirement.differences(whenLookEnds: 127, "sh: 1: docker: not found") == ["sh: 1: docker: not found"])
        #expect(requirement.differences(whenLookEnds: 0, "20.10.24") == [])
        let host = ScriptedTransport { _ in
            Output(answering: CommandState(exitCode: 127, text: "sh: 1: docker: not found"))
        }
        let error = await #expect(throws: Problem.self) {
            try await requirement.apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            error?.description == """
                kubmaster: requirement not met: Docker can build images
                  why  sh: 1: docker: not found
                  fix  make the cluster first: `kubeforge provision inventory/lab.yaml`
                """)
    }
}

struct Silence: Reporter {
    func report(_ event: Event) {}
}
