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

    @Test("is no second pull where another pod's failed, nor where the kubelet tells of the same one in other words")
    func otherEvents() {
        let waiting = pod("pod", api(#""waiting":{"reason":"ImagePullBackOff"}"#))
        let once = event("Failed", "Failed to pull image x: no route", 1)
        #expect(!waiting.neverStarts(events([once])), "an event without a count happened once")
        let others = [
            event("Failed", "Failed to pull image x: no route", 1, of: "other"),
            event("Failed", "Error: ErrImagePull", 1), event("BackOff", "Back-off: cannot pull image x", 1),
        ]
        #expect(!waiting.neverStarts(events([once] + others)))
        #expect(waiting.neverStarts(events([once, once] + others)))
    }

    @Test(
        "is for good where nothing would be tried again",
        arguments: [
            ("ErrImageNeverPull", true), ("InvalidImageName", true), ("CreateContainerConfigError", true),
            ("ErrImagePull", false), ("ContainerCreating", false), ("CrashLoopBackOff", false),
        ])
    func neverStarts(reason: String, isSo: Bool) {
        #expect(pod("pod", api("\"waiting\":{\"reason\":\"\(reason)\"}")).neverStarts([]) == isSo)
    }

    @Test(
        "is a probe's only where it had the program ended, by a signal or in good order",
        arguments: [
            (0, "Error", .failingProbe("no")), (143, "Error", .failingProbe("no")), (137, "Error", .failingProbe("no")),
            (137, "OOMKilled", .outOfMemory), (1, "Error", .crashed(exitCode: 1)),
            (136, "Error", .crashed(exitCode: 136)), (142, "Error", .crashed(exitCode: 142)),
        ] as [(Int, String, PodFailure)])
    func ended(exitCode: Int, reason: String, cause: PodFailure) {
        let unhealthy = events([event("Unhealthy", "no", 1)])
        let terminated = "\"terminated\":{\"exitCode\":\(exitCode),\"reason\":\"\(reason)\"}"
        let now = pod("pod", api(terminated))
        #expect(PodFailure(of: now, events: unhealthy) == cause)
        let before = pod("pod", api(#""waiting":{"reason":"CrashLoopBackOff"}"#, last: terminated))
        #expect(PodFailure(of: before, events: unhealthy) == cause)
    }

    @Test("is what the newest event of its own says, and no other pod's, nor an event about something else")
    func newest() {
        let running = pod("pod", api(#""running":{}"#))
        let found = events([
            event("Unhealthy", "first", 1), event("Unhealthy", "last", 5), event("Unhealthy", "second", 2),
            event("Unhealthy", "another's", 7, of: "other"), event("BackOff", "restarting", 8),
        ])
        #expect(PodFailure(of: running, events: found) == .failingProbe("last"))
        let others = events([event("Unhealthy", "another's", 7, of: "other"), event("BackOff", "restarting", 8)])
        #expect(PodFailure(of: running, events: others) == .slow)
    }

    @Test("is that of the first container that it waits for, and of the service's own before others'")
    func firstContainer() {
        func status(_ name: String, _ state: String, isReady: Bool = false) -> String {
            #"{"name":"\#(name)","ready":\#(isReady),"restartCount":0,"state":{\#(state)}}"#
        }
        let preparing = pod(
            "pod", status("api", #""waiting":{"reason":"PodInitializing"}"#),
            prepared: [
                status("done", #""terminated":{"exitCode":0}"#, isReady: true),
                status("models", #""terminated":{"exitCode":3}"#),
                status("later", #""waiting":{"reason":"PodInitializing"}"#),
            ].joined(separator: ","))
        #expect(PodFailure(of: preparing, events: []) == .initContainerFailed("models ends with exit code 3"))
        let both = [
            status("api", #""terminated":{"exitCode":1}"#), status("proxy", #""running":{}"#, isReady: true),
        ].joined(separator: ",")
        #expect(PodFailure(of: pod("pod", both), events: []) == .crashed(exitCode: 1))
    }

    @Test("is told of the first of its pods, with the last eight lines that it printed")
    func lines() {
        let pods = ["one", "two"].map { pod($0, api(#""terminated":{"exitCode":1}"#)) }
        let printed = (1...9).map { "line \($0)" } + ["Error from server: no such container"]
        let logs = ["one": printed, "two": ["of the other"]]
        let both = PodTermination(cause: .crashed(exitCode: 1), pods: pods).lines(logs)
        let last = (2...9).map { "  | line \($0)" }
        #expect(both == ["one (and 1 more): the program ends with exit code 1"] + last)
        let one = PodTermination(cause: .crashed(exitCode: 1), pods: [pods[1]]).lines(logs)
        #expect(one == ["two: the program ends with exit code 1", "  | of the other"])
        #expect(
            PodTermination(cause: .slow, pods: []).lines(logs) == ["no error is visible; it is just slow"])
    }

    private func api(_ state: String, last: String = "") -> String {
        #"{"name":"api","ready":false,"restartCount":3,"state":{\#(state)},"lastState":{\#(last)}}"#
    }

    private func pod(_ name: String, _ containers: String, prepared: String = "") -> ClusterObject {
        let status =
            #"{"initContainerStatuses":[\#(prepared)],"containerStatuses":[\#(containers)]}"#
        let pod = #"{"kind":"Pod","metadata":{"name":"\#(name)"},"status":\#(status)}"#
        return ClusterObject.list("{\"items\":[\(pod)]}")[0]
    }

    /// Without a count, as newer ones are.
    private func event(_ reason: String, _ message: String, _ minute: Int, of pod: String = "pod") -> String {
        #"""
        {"reason":"\#(reason)","message":"\#(message)","lastTimestamp":"2026-11-21T15:0\#(minute):00Z",\#
        "involvedObject":{"kind":"Pod","name":"\#(pod)"}}
        """#
    }

    private func events(_ all: [String]) -> [ClusterEvent] {
        ClusterEvent.list("{\"items\":[\(all.joined(separator: ","))]}")
    }
}
