import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

/// What kubectl 1.20 said of a rollout with one fault built in, beside two pods of the release before.
private struct Recording {
    let name: String

    /// The step that waits, for the release that the recording is of.
    let step = RolloutIsComplete(
        Release(name: "inference", tag: "ff53fa0b3bd7b45d"), replicas: 2, namespace: "mlops", within: .zero,
        every: .zero)

    var objects: CommandState { CommandState(text: Golden("Rollout/\(name).objects.json").text) }
    var events: CommandState { CommandState(text: Golden("Rollout/\(name).events.json").text) }
    var logs: CommandState { CommandState(text: framedLogs(Golden("Rollout/\(name).logs.txt").text)) }

    var answers: Answers { Example.answers([step.look: objects, step.warnings: events, step.lastLines: logs]) }
}

@Suite("A rollout that fails")
struct RolloutDiagnosisTests {
    @Test(
        "says why, in the cluster's own words, and what to do",
        arguments: ["noNode", "imageMissing", "cannotStart", "outOfMemory", "crashed", "failingProbe", "refused"])
    func saysWhy(name: String) async throws {
        let recording = Recording(name: name)
        let host = ScriptedTransport { command in
            command.inputText.contains("logs --tail=20")
                ? Output(
                    answering: recording.objects, recording.events, recording.logs, CommandState(text: "{\"items\":[]}")
                )
                : Output(answering: recording.objects, recording.events)
        }
        let error = await #expect(throws: Problem.self) {
            try await recording.step.apply(to: Machine(host: Example.master, transport: host))
        }
        try Golden("Rollout/\(name).txt").expect((error?.description ?? "") + "\n")
        #expect(await host.commands.count == 2)
    }

    @Test(
        "is not waited for when waiting cannot help",
        arguments: [
            ("noNode", false), ("imageMissing", true), ("cannotStart", true), ("failingProbe", false),
            ("refused", false),
        ])
    func isNotWaitedFor(name: String, isPermanent: Bool) {
        let recording = Recording(name: name)
        #expect(recording.step.diagnosis(recording.answers).isPermanent == isPermanent)
    }

    @Test("is given a second chance before it is called a crash")
    func secondChance() {
        func pod(restarts: Int) -> RolloutDiagnosis {
            let objects = """
                {"items":[
                 {"kind":"Deployment","metadata":{"name":"inference","annotations":{\
                "deployment.kubernetes.io/revision":"2"}}},
                 \(Told.set("set")),
                 {"kind":"Pod","metadata":{"name":"pod","ownerReferences":[{"name":"set"}]},"status":{\
                "containerStatuses":[
                  {"name":"api","ready":false,"restartCount":\(restarts),"state":{"waiting":{\
                "reason":"CrashLoopBackOff"}},
                   "lastState":{"terminated":{"exitCode":1}}}]}}]}
                """
            return RolloutDiagnosis(state: RolloutState(ClusterObject.list(objects)), events: [], logs: [:])
        }
        #expect(pod(restarts: 1).causes.map(\.cause) == [.crashed(exitCode: 1)])
        #expect(!pod(restarts: 1).isPermanent)
        #expect(pod(restarts: 2).isPermanent)
    }

    /// Two pods of a name that no image can have, and one of a configuration that no container can.
    private func several(_ events: [String]) -> RolloutDiagnosis {
        let revision = #""annotations":{"deployment.kubernetes.io/revision":"2"}"#
        let pods = [
            ("one", "CreateContainerConfigError", "no config"), ("two", "InvalidImageName", "bad name"),
            ("three", "InvalidImageName", "bad name"),
        ].map { name, reason, message in
            """
            {"kind":"Pod","metadata":{"name":"\(name)","ownerReferences":[{"name":"set"}]},"status":{\
            "containerStatuses":[{"name":"api","ready":false,"restartCount":0,"state":{"waiting":{\
            "reason":"\(reason)","message":"\(message)"}}}]}}
            """
        }
        let objects = """
            {"items":[{"kind":"Deployment","metadata":{"name":"inference",\(revision)}},
             \(Told.set("set")),
             \(pods.joined(separator: ",\n"))]}
            """
        return RolloutDiagnosis(
            state: RolloutState(ClusterObject.list(objects)),
            events: ClusterEvent.list("{\"items\":[\(events.joined(separator: ","))]}"), logs: [:])
    }

    private func event(
        _ object: String, _ reason: String, _ message: String, minute: Int, type: String = "Warning"
    ) -> String {
        let parts = object.split(separator: "/")
        return """
            {"type":"\(type)","reason":"\(reason)","message":"\(message)",\
            "lastTimestamp":"2026-11-21T12:\(minute):00Z",\
            "involvedObject":{"kind":"\(parts[0])","name":"\(parts[1])"}}
            """
    }

    @Test("is told by what most pods have, and by the newest warnings of three kinds that say more")
    func order() {
        let diagnosis = several([
            event("Pod/one", "Failed", "an earlier failure", minute: 10),
            event("Pod/two", "BackOff", "an earlier back-off", minute: 11),
            event("Pod/two", "BackOff", "a back-off", minute: 13),
            event("Deployment/inference", "Old", "a fourth kind", minute: 12),
            event("ReplicaSet/set", "FailedCreate", "a quota", minute: 14),
            event("Pod/one", "Failed", "Error: no config", minute: 15),
            event("Pod/one", "Pulled", "no warning", minute: 16, type: "Normal"),
            event("Pod/stranger", "Evicted", "another pod", minute: 17),
            event("Node/one", "NotReady", "no object of the service", minute: 18),
        ])
        #expect(diagnosis.causes.map { $0.pods.map(\.metadata.name) } == [["two", "three"], ["one"]])
        let problem = diagnosis.problem(
            host: "kubmaster", release: Example.release, namespace: "mlops", ending: "does not become ready",
            remaining: ["0 of 3 pods are available"])
        #expect(
            problem.why == """
                0 of 3 pods are available
                two (and 1 more): the image could not be pulled: InvalidImageName: bad name
                one: the container cannot be started: CreateContainerConfigError: no config
                event FailedCreate: a quota
                event BackOff: a back-off
                """)
        #expect(problem.fix?.hasPrefix("run `kubeforge deploy` again") == true)
    }

    @Test("is cured on the first node that is not well, where no pod says why")
    func nodes() {
        let nodes = ["kubnode", "kubother"].map {
            "{\"kind\":\"Node\",\"metadata\":{\"name\":\"\($0)\"},\"spec\":{\"unschedulable\":true}}"
        }
        let diagnosis = RolloutDiagnosis(
            state: RolloutState([]), events: [], logs: [:],
            nodes: ClusterObject.list("{\"items\":[\(nodes.joined(separator: ","))]}"))
        let problem = diagnosis.problem(
            host: "kubmaster", release: Example.release, namespace: "mlops", ending: "does not become ready",
            remaining: ["0 of 2 pods are available"])
        #expect(
            problem.why == """
                0 of 2 pods are available
                node kubnode is cordoned
                node kubother is cordoned
                """)
        #expect(problem.fix == "if it should take pods again: `kubectl uncordon kubnode`")
    }

    @Test("is not blamed on the pods of another release, or of another Deployment with the service's label")
    func otherReleases() {
        let objects = """
            {"items":[
             {"kind":"Deployment","metadata":{"name":"inference","annotations":{\
            "deployment.kubernetes.io/revision":"2"}}},
             \(Told.set("foreign", of: "inference-canary")), \(Told.set("broken", revision: 1)), \(Told.set("new")),
             \(pulling("broken")), \(pulling("foreign")),
             {"kind":"Pod","metadata":{"name":"new-1","ownerReferences":[{"name":"new"}]},"status":{\
            "containerStatuses":[
              {"name":"api","ready":false,"restartCount":0}]}}]}
            """
        let diagnosis = RolloutDiagnosis(state: RolloutState(ClusterObject.list(objects)), events: [], logs: [:])
        #expect(diagnosis.causes.map(\.cause) == [.slow])
        #expect(!diagnosis.isPermanent)
    }

    private func pulling(_ set: String) -> String {
        """
        {"kind":"Pod","metadata":{"name":"\(set)-1","ownerReferences":[{"name":"\(set)"}]},"status":{\
        "containerStatuses":[
          {"name":"api","ready":false,"restartCount":9,"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}}
        """
    }
}
