import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("A rollout")
struct RolloutIsCompleteTests {
    private let step = RolloutIsComplete(Example.release, replicas: 2, namespace: "mlops", every: .zero)

    private func deployment(
        image: String = Example.release.reference, seen: Int = 4, all: Int = 2, updated: Int = 2, available: Int = 2
    )
        -> String
    {
        """
        {"kind":"List","items":[{"kind":"Deployment","metadata":{"name":"a-proxy"},"spec":{}},
         {"kind":"Deployment","metadata":{"name":"inference","generation":4},
          "spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"api","image":"\(image)"},
           {"name":"proxy","image":"proxy:1"}]}}},
          "status":{"observedGeneration":\(seen),"replicas":\(all),"updatedReplicas":\(updated),\
        "availableReplicas":\(available)}}]}
        """
    }

    @Test("is asked about in one command")
    func isAsked() {
        #expect(step.title == "2 pods are ready with inference:0123456789abcdef")
        #expect(
            step.looks == [
                "{ said=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops "
                    + "get deployments,replicasets,pods --selector app.kubernetes.io/name=inference --output json "
                    + #"2>&1 >&3 3>&-) || { code=$?; printf '\n%s\n' "$said"; exit "$code"; }; } 3>&1"#
            ])
    }

    @Test("is complete when every pod is of the release and available, and no other is left")
    func isComplete() {
        #expect(step.differences(whenLookEnds: 0, deployment()) == [])
    }

    @Test("names what is not ready")
    func namesWhatIsNot() {
        #expect(step.differences(whenLookEnds: 1) == ["the cluster could not be queried about inference"])
        #expect(step.differences(whenLookEnds: 0, "{\"items\":[]}") == ["there is no Deployment inference"])
        #expect(
            step.differences(whenLookEnds: 0, deployment(image: "10.77.0.11:5443/mlops/inference:old"))
                == ["image: 10.77.0.11:5443/mlops/inference:old → 10.77.0.11:5443/mlops/inference:0123456789abcdef"])
        #expect(
            step.differences(whenLookEnds: 0, deployment(seen: 3)) == [
                "the controller has not observed the new Deployment yet"
            ])
        #expect(
            step.differences(whenLookEnds: 0, deployment(all: 3, updated: 1, available: 1))
                == [
                    "1 of 2 pods are of this release", "2 pods of another release still run",
                    "1 of 2 pods are available",
                ])
        #expect(step.differences(whenLookEnds: 0, deployment(available: 1)) == ["1 of 2 pods are available"])
        #expect(step.differences(whenLookEnds: 0, deployment(all: 3)) == ["1 pod of another release still runs"])
    }

    @Test("has just begun where the cluster does not count its pods yet")
    func begun() {
        func found(_ status: String) -> [String] {
            let pod = "{\"spec\":{\"containers\":[{\"image\":\"\(Example.release.reference)\"}]}}"
            let deployment = """
                {"kind":"Deployment","metadata":{"name":"inference","generation":1},"spec":{"template":\(pod)},\
                "status":\(status)}
                """
            return step.differences(whenLookEnds: 0, "{\"items\":[\(deployment)]}")
        }
        #expect(found("{}") == ["the controller has not observed the new Deployment yet"])
        #expect(
            found("{\"observedGeneration\":1}")
                == ["0 of 2 pods are of this release", "0 of 2 pods are available"])
    }

    @Test("is waited for")
    func isWaitedFor() async throws {
        let looks = Counter()
        let (unfinished, finished) = (deployment(updated: 1), deployment())
        let host = ScriptedTransport { _ in
            Output(
                answering: CommandState(text: looks.next() < 3 ? unfinished : finished),
                CommandState(text: "{\"items\":[]}"))
        }
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(await host.commands.count == 3)
    }
}
