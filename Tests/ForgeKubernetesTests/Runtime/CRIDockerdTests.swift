import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("cri-dockerd")
struct CRIDockerdTests {
    @Test("is what Docker Engine needs from Kubernetes 1.24 on, and not before")
    func needed() throws {
        for (version, expected) in [("1.23.17", false), ("1.24.17", true)] {
            let cluster = Example.cluster(version) { $0.runtime = .docker }
            let titles = try ContainerRuntime(cluster: cluster, templates: Example.templates).steps(Example.facts()).map(
                \.title)
            #expect(titles.contains("cri-dockerd runs") == expected)
        }
    }

    @Test("that is not there is told as none")
    func missing() throws {
        let step = try CRIDockerd(cluster: Example.cluster("1.36.2"), templates: Example.templates).steps()[0]
        #expect(step.texts(command: "", exitCode: 1) == ["cri-dockerd: none → 0.3.16"])
        #expect(step.texts(command: "0.3.15") == ["cri-dockerd: 0.3.15 → 0.3.16"])
        #expect(step.texts(command: "0.3.16") == [])
    }
}
