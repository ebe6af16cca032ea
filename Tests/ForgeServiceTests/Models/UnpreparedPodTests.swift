import ForgeCore
import Testing

@testable import ForgeService

@Suite("A pod whose models do not come")
struct UnpreparedPodTests {
    private let said =
        "models are not downloaded: sftp://models@store/srv: versions/v/mlp.joblib: is not what was trained"

    /// `state` of the init container; the service itself has never begun.
    private func pod(_ state: String, restarts: Int = 0, ready: Bool = false) -> ClusterObject {
        ClusterObject.list(list(state, restarts: restarts, ready: ready))[0]
    }

    private func list(_ state: String, restarts: Int = 0, ready: Bool = false, phase: String = "Pending") -> String {
        #"""
        {"items":[{"kind":"Pod","metadata":{"name":"inference-1","ownerReferences":[{"name":"set"}]},"spec":{\#
        "nodeName":"kubnode","containers":[]},
         "status":{"phase":"\#(phase)","initContainerStatuses":[{"name":"models","ready":\#(ready),\#
        "restartCount":\#(restarts),\#(state)}],
          "containerStatuses":[{"name":"api","ready":false,"restartCount":0,"state":{"waiting":{\#
        "reason":"PodInitializing"}}}]}}]}
        """#
    }

    private var failed: String { #""terminated":{"exitCode":1,"reason":"Error","message":"\#(said)\n"}"# }
    private var backingOff: String { #""state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{\#(failed)}"# }

    @Test("is told in the words of the program that fetches them, between two attempts, too")
    func words() throws {
        let cause = PodFailure(of: pod("\"state\":{\(failed)}"), events: [])
        #expect(cause == .initContainerFailed("models ends with exit code 1: \(said)"))
        #expect(PodFailure(of: pod(backingOff), events: []) == cause)
        let running = pod(#""state":{"running":{}},"lastState":{\#(failed)}"#)
        #expect(PodFailure(of: running, events: []) == cause)
        #expect(
            PodTermination(cause: try #require(cause), pods: [pod(backingOff)]).lines([:]) == [
                "inference-1 on kubnode: it does not start, because models ends with exit code 1: \(said)"
            ])
        #expect(
            cause?.fix("inference", namespace: "mlops")
                == """
                correct what it names, in the model store or in the inventory (service: models:), or train again: \
                `kubeforge train`; then deploy again
                """
        )
    }

    @Test("is given up after it has tried again, by a rollout and by a Job")
    func permanent() {
        func isPermanent(_ restarts: Int) -> Bool {
            let deployment =
                #"""
                {"kind":"Deployment","metadata":{"name":"inference","annotations":{\#
                "deployment.kubernetes.io/revision":"2"}}}
                """#
            let objects = ClusterObject.list("{\"items\":[\(deployment),\(Told.set("set"))]}")
            let state = RolloutState(objects + [pod(backingOff, restarts: restarts)])
            return RolloutDiagnosis(state: state, events: [], logs: [:]).isPermanent
        }
        #expect(!isPermanent(1))
        #expect(isPermanent(2))
        #expect(PodFailure(of: pod("\"state\":{\(failed)}"), events: [])?.isPermanent == true)
    }

    @Test("of a batch run is told in its words, too")
    func ofJob() {
        let failure = JobFailure(state: JobStatus(objects: list("\"state\":{\(failed)}", phase: "Failed")), logs: [:])
        let problem = failure.problem(
            what: "kubmaster: it failed", seen: ["given up"], service: "inference", namespace: "mlops")
        #expect(
            problem.description == """
                kubmaster: it failed
                  why  given up
                       inference-1 on kubnode: it does not start, because models ends with exit code 1: \(said)
                  fix  correct what it names, in the model store or in the inventory (service: models:), and run it \
                again
                """)
    }

    @Test("is not taken for one that still fetches them, or has them")
    func others() {
        #expect(PodFailure(of: pod(#""state":{"running":{}}"#), events: []) == .slow)
        let done = #""state":{"terminated":{"exitCode":0,"reason":"Completed"}}"#
        #expect(PodFailure(of: pod(done, ready: true), events: []) == .slow)
        let pulling = #""state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image"}}"#
        #expect(PodFailure(of: pod(pulling), events: []) == .imageMissing("ImagePullBackOff: Back-off pulling image"))
    }
}
