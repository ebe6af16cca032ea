import ForgeCore
import ForgePlan
import Testing

@testable import ForgeKubernetes

@Suite("Another Kubernetes")
struct OtherKubernetesTests {
    private let step = OtherKubernetes()

    private func texts(_ units: [String: UnitState]) -> [String] {
        step.texts(Dictionary(uniqueKeysWithValues: units.map { (.unit($0.key), .unit($0.value)) }))
    }

    @Test("is found by its unit, if that runs or will")
    func differences() {
        #expect(texts([:]) == [])
        #expect(
            texts(["k3s.service": UnitState(active: "active", enabled: "enabled")]) == [
                "k3s is installed (k3s.service)"
            ])
        #expect(
            texts(["snap.docker.dockerd.service": UnitState(active: "failed", enabled: "enabled")]) == [
                "the snap docker is installed (snap.docker.dockerd.service)"
            ])
        #expect(
            texts(["snap.microk8s.daemon-kubelite.service": UnitState(active: "active", enabled: "disabled")]).count
                == 1)
        #expect(texts(["k3s.service": UnitState(active: "inactive", enabled: "disabled")]) == [])
        #expect(texts(["rke2-server.service": UnitState(load: "masked", active: "inactive", enabled: "masked")]) == [])
    }

    @Test("is left as it is, with how to remove it")
    func finding() {
        let found = step.differences(
            given: Answers([.unit("snap.microk8s.daemon-kubelite.service"): .unit(UnitState(active: "active"))]))
        let problem = step.refusal(of: found, on: Example.node)
        #expect(problem?.what == "kubnode: already has another Kubernetes or a snap's Docker; it was left untouched")
        #expect(
            problem?.fix
                == """
                if it is no longer wanted, with all that runs in it: `sudo snap remove microk8s` on kubnode; else \
                use another machine
                """
        )
    }

    @Test("is looked for on every machine")
    func planned() throws {
        let fit = try #require(try Example.plan(Example.cluster("1.36.2")).stages.first)
        #expect(fit.work.allSatisfy { $0.steps.contains { $0 is OtherKubernetes } })
    }
}
