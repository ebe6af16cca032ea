import Testing

@testable import ForgeService

@Suite("Why a pod does not become ready")
struct PodFailureTests {
    @Test("is a kill that nobody explains, which is taken for a lack of memory, and said so")
    func killed() {
        let objects = """
            {"items":[{"kind":"Pod","metadata":{"name":"pod"},"status":{"containerStatuses":[
              {"name":"api","ready":false,"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
               "lastState":{"terminated":{"exitCode":137,"reason":"Error"}}}]}}]}
            """
        let cause = PodFailure(of: ClusterObject.list(objects)[0], events: [])
        #expect(cause == .killed)
        #expect(
            cause?.sentence == "it was killed (exit code 137), probably because it ran out of memory (OOMKilled)")
    }

    @Test("is the probe, not the exit code, when a probe had the program ended")
    func blamesProbe() {
        let objects = """
            {"items":[{"kind":"Pod","metadata":{"name":"pod"},"status":{"containerStatuses":[
              {"name":"api","ready":false,"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
               "lastState":{"terminated":{"exitCode":137,"reason":"Error"}}}]}}]}
            """
        let events = """
            {"items":[{"type":"Warning","reason":"Unhealthy","message":"Startup probe failed: HTTP probe failed with \
            statuscode: 404",
              "lastTimestamp":"2026-11-21T12:00:00Z","involvedObject":{"name":"pod"}}]}
            """
        let cause = PodFailure(of: ClusterObject.list(objects)[0], events: ClusterEvent.list(events))
        #expect(cause == .failingProbe("Startup probe failed: HTTP probe failed with statuscode: 404"))
    }

    @Test("is for good only after a second pull that failed: the kubelet may not have seen the pull secret yet")
    func firstPull() throws {
        func isPermanent(_ counts: Int...) -> Bool {
            let pod = """
                {"items":[{"kind":"Pod","metadata":{"name":"pod"},"status":{"containerStatuses":[
                  {"name":"api","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}}]}
                """
            let events = counts.enumerated().map { number, count in
                """
                {"type":"Warning","reason":"Failed","message":"Failed to pull image \\"x\\": attempt \
                \(number)","count":\(count),
                 "involvedObject":{"kind":"Pod","name":"pod"}}
                """
            }
            let list = ClusterEvent.list("{\"items\":[\(events.joined(separator: ","))]}")
            return ClusterObject.list(pod)[0].neverStarts(list)
        }
        #expect(!isPermanent(1))
        #expect(isPermanent(2))
        #expect(isPermanent(1, 1))
        #expect(isPermanent(), "no event tells: the pod says that the kubelet has backed off")
    }
}
