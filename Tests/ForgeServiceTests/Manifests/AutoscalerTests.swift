import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing
import Yams

@testable import ForgeService

@Suite("An autoscaler")
struct AutoscalerTests {
    private let service = Service(replicas: 2, autoscaling: .init(least: 2, most: 8, cpu: 70))

    private func files(_ service: Service) throws -> [String: String] {
        let files = try Manifests.make(
            cluster: Example.cluster(service: service), release: Example.release, templates: Templates()
        ).files
        return Dictionary(
            files.map {
                (String($0.path.split(separator: "/").last ?? ""), String(decoding: $0.content, as: UTF8.self))
            }
        ) { first, _ in first }
    }

    @Test("is there where the inventory says from how many to how many, of a version that each Kubernetes knows")
    func manifest() throws {
        let files = try files(service)
        let text = try #require(files["horizontalpodautoscaler.yaml"])
        let object = try #require(try Yams.compose(yaml: text))
        #expect(object["apiVersion"]?.string == "autoscaling/v1")
        let spec = object["spec"]
        #expect(spec?["minReplicas"]?.int == 2)
        #expect(spec?["maxReplicas"]?.int == 8)
        #expect(spec?["targetCPUUtilizationPercentage"]?.int == 70)
        #expect(files["kustomization.yaml"]?.contains("horizontalpodautoscaler.yaml") == true)
        let fixed = try self.files(Service())
        #expect(fixed["horizontalpodautoscaler.yaml"] == nil)
        #expect(fixed["kustomization.yaml"]?.contains("horizontalpodautoscaler.yaml") == false)
    }

    @Test(
        "keeps what it chose through a deploy, within the bounds of the inventory",
        arguments: [
            (CommandState(text: "5"), 5), (CommandState(text: "9"), 2), (CommandState(text: ""), 2),
            (CommandState(exitCode: 1, text: "5"), 2),
        ])
    func replicas(state: CommandState, expected: Int) throws {
        let current = CurrentReplicas(service)
        guard case .command(let look)? = current.questions.first else { throw Problem(what: "it asks no command") }
        let found = current.service(Example.answers([look: state]))
        #expect(found.replicas == expected)
        var started = service
        started.replicas = 5
        // How many there are is no part of what a release is.
        #expect(
            try Manifests.make(
                cluster: Example.cluster(service: started), release: Example.release, templates: Templates()
            ).template
                == Manifests.make(
                    cluster: Example.cluster(service: service), release: Example.release, templates: Templates()
                ).template)
        #expect(try files(started)["horizontalpodautoscaler.yaml"]?.contains("minReplicas: 2\n") == true)
        #expect(CurrentReplicas(Service()).questions == [])
    }

    @Test("of an earlier inventory is removed, and needs what measures")
    func gone() async throws {
        let step = AutoscalerIsGone(Service())
        #expect(step.title == "the number of inference's pods is fixed")
        #expect(step.differences(whenLookEnds: 0, "") == [])
        let name = "horizontalpodautoscaler.autoscaling/inference"
        #expect(step.differences(whenLookEnds: 0, name) == ["\(name) changes it"])
        #expect(
            step.differences(whenLookEnds: 1, "\nno route\n") == ["the cluster could not be queried: no route"])
        let transport = ScriptedTransport { _ in Output("") }
        try await step.apply(to: Machine(host: Example.master, transport: transport))
        #expect(
            await transport.commands.first?.line.hasSuffix(
                "delete horizontalpodautoscaler --ignore-not-found inference") == true)
        let needed = Autoscaler.isMeasured(Example.cluster(service: service))
        #expect(needed.differences(whenLookEnds: 0, "{}") == [])
        #expect(
            needed.differences(whenLookEnds: 1, "\nnot found\n") == ["nothing serves metrics.k8s.io: not found"])
        #expect(
            needed.refusal(of: ["nothing serves metrics.k8s.io: not found"], on: Example.master)?.description == """
                kubmaster: requirement not met: the cluster measures how busy pods are
                  why  nothing serves metrics.k8s.io: not found
                  fix  write `metricsServer: true` into the inventory, and `kubeforge provision inventory/lab.yaml` \
                installs metrics-server; or write one number: service: replicas: 2
                """)
        var cluster = Example.cluster(service: service)
        cluster.metricsServer = true
        #expect(
            Autoscaler.isMeasured(cluster).refusal(of: ["x"], on: Example.master)?.fix?.hasPrefix(
                "`kubeforge provision inventory/lab.yaml` installs metrics-server;") == true)
    }

    @Test("is not overruled by hand")
    func scale() async throws {
        let problem = await #expect(throws: Problem.self) {
            try await Scaling(service, to: 3).plan(on: Example.master, over: ScriptedTransport { _ in nil })
        }
        #expect(problem?.what == "the number of inference's pods is set by the autoscaler")
        #expect(problem?.why == "it keeps it between 2 and 8")
    }
}
