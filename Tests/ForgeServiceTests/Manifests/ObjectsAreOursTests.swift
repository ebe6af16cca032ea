import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Testing

@testable import ForgeService

@Suite("What others own in the cluster")
struct ObjectsAreOursTests {
    @Test("is refused by name before anything is changed")
    func objects() throws {
        let step = ObjectsAreOurs.requirement(Example.cluster())
        #expect(
            step.differences(whenLookEnds: 0, "Deployment inference kubeforge\nService inference kubeforge\n") == [])
        #expect(
            step.differences(
                whenLookEnds: 0,
                "Deployment inference kubeforge\nService inference \nConfigMap inference-releases Helm\n")
                == [
                    "Service mlops.inference was not made by kubeforge",
                    "ConfigMap mlops.inference-releases was not made by kubeforge",
                ])
        #expect(step.differences(whenLookEnds: 1) == ["the cluster could not be queried for its objects"])
        let plan = try ServicePlan.make(
            cluster: Example.cluster(), context: Example.context(), templates: Templates(), by: "ann@desk")
        #expect(plan.stages[0].steps(for: "kubmaster").map(\.title).contains(step.title))
    }

    @Test("is also what kubeforge made for a service of another inventory")
    func services() throws {
        func told(_ name: String, _ lines: String...) -> [String] {
            ObjectsAreOurs.requirement(Example.cluster(service: Service(name: name))).differences(
                whenLookEnds: 0, lines.map { $0 + "\n" }.joined())
        }
        func image(_ name: String) -> String { "10.77.0.11:5443/mlops/\(name):0123456789abcdef" }
        let isNone = "Deployment mlops.churn-candidate is no canary of churn, but belongs to a service of that name"
        #expect(told("churn", "Deployment churn-candidate kubeforge") == [isNone])
        let production = "Deployment churn-candidate kubeforge churn-candidate \(image("churn-candidate"))"
        #expect(told("churn", production) == [isNone])
        #expect(told("churn-candidate", production) == [])
        let canary = "Deployment churn-candidate kubeforge churn-candidate \(image("churn"))"
        #expect(told("churn", "Deployment churn kubeforge churn \(image("churn"))", canary) == [])
        #expect(
            told("churn-candidate", canary) == ["Deployment mlops.churn-candidate is the canary of service churn"])
        // A label that is missing leaves its place empty.
        #expect(told("churn", "Deployment churn-candidate kubeforge  \(image("churn"))") == [])
        // As long as a canary's, and none.
        let elsewhere = "Deployment churn-elsewhere kubeforge churn-elsewhere \(image("churn"))"
        #expect(told("churn-elsewhere", elsewhere) == [])
        let policy = "NetworkPolicy churn-batch kubeforge "
        #expect(told("churn", policy + "churn ", "ConfigMap churn-releases kubeforge churn ") == [])
        #expect(
            told("churn", policy + "churn-batch ")
                == ["NetworkPolicy mlops.churn-batch belongs to service churn-batch"])
        #expect(
            told("churn-batch", policy + "churn ") == ["NetworkPolicy mlops.churn-batch belongs to service churn"])
        // A manifest of the user's own need not have the name's label.
        #expect(told("churn", "Service churn kubeforge  ") == [])
    }

    @Test("is a node port, with its owner's name; the service's own port is free for it")
    func nodePort() throws {
        let step = try #require(NodePortIsFree.requirement(ForgeInventory.Service(nodePort: 30080)))
        let others = "default.kubernetes \nshop.web 30081 30080\nmlops.eeg 30082\n"
        #expect(step.differences(whenLookEnds: 0, others) == ["port 30080 belongs to Service shop.web"])
        #expect(
            step.differences(whenLookEnds: 0, "default.kubernetes \nmlops.inference 30080\nshop.web 300800\n") == [])
        #expect(step.differences(whenLookEnds: 1) == ["the cluster could not be queried for its Services"])
        #expect(NodePortIsFree.requirement(ForgeInventory.Service())?.title == nil)
    }
}
