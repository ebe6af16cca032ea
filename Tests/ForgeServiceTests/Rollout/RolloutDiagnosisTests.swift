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
                 {"kind":"ReplicaSet","metadata":{"name":"set","annotations":{\
                "deployment.kubernetes.io/revision":"2"}}},
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

    @Test("is not blamed on the pods of another release")
    func otherReleases() {
        let objects = """
            {"items":[
             {"kind":"Deployment","metadata":{"name":"inference","annotations":{\
            "deployment.kubernetes.io/revision":"2"}}},
             {"kind":"ReplicaSet","metadata":{"name":"broken","annotations":{"deployment.kubernetes.io/revision":"1"}}},
             {"kind":"ReplicaSet","metadata":{"name":"new","annotations":{"deployment.kubernetes.io/revision":"2"}}},
             {"kind":"Pod","metadata":{"name":"broken-1","ownerReferences":[{"name":"broken"}]},"status":{\
            "containerStatuses":[
              {"name":"api","ready":false,"restartCount":9,"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}},
             {"kind":"Pod","metadata":{"name":"new-1","ownerReferences":[{"name":"new"}]},"status":{\
            "containerStatuses":[
              {"name":"api","ready":false,"restartCount":0}]}}]}
            """
        let diagnosis = RolloutDiagnosis(state: RolloutState(ClusterObject.list(objects)), events: [], logs: [:])
        #expect(diagnosis.causes.map(\.cause) == [.slow])
        #expect(!diagnosis.isPermanent)
    }
}
