import ForgeCore
import Testing

@testable import ForgeService

@Suite("The Jobs and pods of a run")
struct JobStatusTests {
    /// `status`: in kubectl's JSON. `isOwn`: whether a Job has made it.
    private func pod(_ name: String, _ status: String, isOwn: Bool = true, more: String = "") -> String {
        let owner = isOwn ? #","ownerReferences":[{"kind":"Job","name":"run-0"}]"# : ""
        return #"{"kind":"Pod","metadata":{"name":"\#(name)"\#(owner)\#(more)},"status":\#(status)}"#
    }

    private func container(_ state: String, phase: String = "Running", isReady: Bool = false) -> String {
        #"""
        {"phase":"\#(phase)","containerStatuses":[{"name":"c","ready":\#(isReady),"restartCount":0,\#
        "state":{\#(state)}}]}
        """#
    }

    private func ended(_ exitCode: Int, reason: String = "Error") -> String {
        container(#""terminated":{"exitCode":\#(exitCode),"reason":"\#(reason)"}"#, phase: "Failed")
    }

    private let unscheduled =
        #"""
        {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","message":"no room"}]}
        """#

    private func event(_ message: String, _ minute: Int, reason: String, _ kind: String, _ name: String) -> String {
        #"""
        {"reason":"\#(reason)","message":"\#(message)","lastTimestamp":"2026-11-21T15:0\#(minute):00Z",\#
        "involvedObject":{"kind":"\#(kind)","name":"\#(name)"}}
        """#
    }

    @Test("are no pods that are being deleted, and Jobs are no pods")
    func pods() {
        let leaving = pod("leaving", container(""), more: #","deletionTimestamp":"2026-11-21T15:00:00Z""#)
        let status = JobStatus(
            objects: Objects.list([Objects.job("run/0"), leaving, pod("a", container("")), Objects.coordinatorPod]))
        #expect(status.pods.map(\.metadata.name) == ["a", "inference-batch-20261121-151732-coordinator"])
        #expect(status.workers.map(\.metadata.name) == ["a"])
        #expect(status.jobs.map(\.metadata.name) == ["run-0"])
    }

    @Test("have what never comes right by itself told first, and nothing of pods that are slow or have ended well")
    func troubles() {
        let status = JobStatus(
            objects: Objects.list([
                pod("a", unscheduled), pod("b", container("")), pod("c", ended(1)), pod("d", ended(1)),
                pod("e", container(#""terminated":{"exitCode":0}"#, phase: "Succeeded")),
            ]))
        let causes: [PodFailure] = status.troubles.map { $0.cause }
        let names: [[String]] = status.troubles.map { $0.pods.map(\.metadata.name) }
        #expect(causes == [.crashed(exitCode: 1), .unschedulable("no room")])
        #expect(names == [["c", "d"], ["a"]])
    }

    @Test("fail with the first three troubles, and what helps against the first")
    func failure() {
        let objects = Objects.list([
            pod("a", unscheduled), pod("b", ended(1)), pod("c", ended(2)), pod("d", ended(137, reason: "OOMKilled")),
        ])
        let problem = JobFailure(state: JobStatus(objects: objects), logs: [:]).problem(
            what: "it failed", seen: ["given up"], service: "inference", namespace: "mlops")
        #expect(
            problem.description == """
                it failed
                  why  given up
                       b: the program ends with exit code 1
                       c: the program ends with exit code 2
                       d: the kernel ended it: it needed more memory than its limit (OOMKilled)
                  fix  the last lines of its log are above; correct what they name, and run it again
                """)
    }

    @Test("are at work while a pod of a Job runs and is well")
    func atWork() {
        func isAtWork(_ pods: String...) -> Bool { JobStatus(objects: Objects.list(pods)).isAnyAtWork }
        #expect(isAtWork(pod("a", container("", isReady: true))))
        #expect(!isAtWork(pod("a", container("", isReady: true), isOwn: false)), "the coordinator alone does nothing")
        #expect(!isAtWork(pod("a", container(""))))
        #expect(!isAtWork(pod("a", container("", phase: "Pending", isReady: true))))
        #expect(!isAtWork())
    }

    @Test("are refused in the newest words that the cluster has for a Job without pods")
    func refusal() {
        let events = Objects.list([
            event("no quota yet", 1, reason: "FailedCreate", "Job", "run-0"),
            event("exceeded quota", 5, reason: "FailedCreate", "Job", "run-0"),
            event("later", 2, reason: "FailedCreate", "Job", "run-0"),
            event("another run's", 6, reason: "FailedCreate", "Job", "other-0"),
            event("given up", 7, reason: "BackoffLimitExceeded", "Job", "run-0"),
            event("of another kind", 8, reason: "FailedCreate", "ReplicaSet", "run-0"),
        ])
        let status = JobStatus(objects: Objects.list([Objects.job("run/0")]), events: events)
        #expect(status.refusal == "exceeded quota")
        let problem = JobFailure(state: status, logs: [:]).problem(
            what: "it failed", seen: [], service: "inference", namespace: "mlops")
        #expect(problem.why == "the cluster refuses the pod: exceeded quota")
        #expect(problem.fix?.hasPrefix("raise the quota or change the policy of the namespace") == true)
        let begun = JobStatus(objects: Objects.list([Objects.job("run/0"), pod("a", unscheduled)]), events: events)
        #expect(begun.refusal == nil)
    }
}
