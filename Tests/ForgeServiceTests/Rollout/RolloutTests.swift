import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
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
struct FailedRolloutTests {
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

    @Test("is not hopeless after one pull that failed: the kubelet may not have seen the pull secret yet")
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

    @Test("takes a kill that nobody explains for a lack of memory, and says why")
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

    @Test("blames the probe, not the exit code, when a probe had the program ended")
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
}

@Suite("A rollout")
struct RolloutTests {
    private let step = RolloutIsComplete(Example.release, replicas: 2, namespace: "mlops", every: .zero)

    private func deployment(
        image: String = Example.release.reference, seen: Int = 4, all: Int = 2, updated: Int = 2, available: Int = 2
    )
        -> String
    {
        """
        {"kind":"List","items":[{"kind":"Deployment","metadata":{"name":"inference","generation":4},
          "spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"api","image":"\(image)"}]}}},
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
        #expect(step.differences(whenLookEnds: 0, deployment(all: 3)) == ["1 pod of another release still runs"])
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

@Suite("A machine that reaches the service")
struct ServiceIsReachedTests {
    private func step(hasTLS: Bool = false) -> WaitUntil {
        ServiceIsReached.step(
            "inference", namespace: "mlops", hasTLS: hasTLS, from: "kubmaster", within: .zero, every: .zero)
    }

    /// What the step finds on a machine with these programs, and what its curl was asked for.
    private func found(kubectl: String, curl: String, hasTLS: Bool = false) async throws -> (
        told: [String], asked: String
    ) {
        try await TemporaryDirectory.during { directory in
            try directory.write("kubectl", "#!/bin/sh\n\(kubectl)\n", mode: 0o755)
            try directory.write(
                "curl", "#!/bin/sh\nfor url do :; done\necho \"$url\" >> '\(directory.path("asked"))'\n\(curl)\n",
                mode: 0o755)
            let step = step(hasTLS: hasTLS)
            let answers = try await LocalTransport(programs: directory.path).ask(step.questions, of: Example.master)
            let asked = (try? String(contentsOfFile: directory.path("asked"), encoding: .utf8)) ?? ""
            return (step.differences(given: answers).map(\.text), asked)
        }
    }

    @Test("asks at the service's address, and at each pod, in both families of addresses")
    func addresses() async throws {
        let places = "echo '10.99.38.26 80 8080 10.244.1.5 fd00::6'"
        for (scheme, answer) in [("http", "exit 0"), ("http", "exit 52"), ("https", "exit 60")] {
            let found = try await found(kubectl: places, curl: answer, hasTLS: scheme == "https")
            #expect(found.told == [])
            let addresses = ["10.99.38.26:80", "10.244.1.5:8080", "[fd00::6]:8080"]
            #expect(found.asked == addresses.map { "\(scheme)://\($0)/healthz\n" }.joined())
        }
    }

    @Test("is waited for while packets vanish, or nothing listens")
    func unreached() async throws {
        let places = "echo '10.99.38.26 80 8080 10.244.1.5'"
        for code in [7, 28] {
            let pods = "case $url in *8080*) echo 'curl: no' >&2; exit \(code);; esac"
            let found = try await found(kubectl: places, curl: pods, hasTLS: true)
            #expect(found.told == ["10.244.1.5:8080: curl: no"])
        }
        for nothing in ["echo '10.99.38.26 80'", "exit 0"] {
            #expect(try await found(kubectl: nothing, curl: "exit 0").told == ["no pod is ready"])
        }
    }

    @Test("in vain is told with the address, and where to look")
    func inVain() async throws {
        let host = ScriptedTransport { _ in
            Output(answering: CommandState(exitCode: 99, text: "10.244.1.5:8080: curl: (28) Connection timed out"))
        }
        let problem = await #expect(throws: Problem.self) {
            try await step().apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            problem?.description == """
                kubmaster: timed out after 0 s waiting until kubmaster reaches inference
                  why  10.244.1.5:8080: curl: (28) Connection timed out
                  fix  see whether kube-proxy and the pod network run on kubmaster: `kubectl get pods \
                --all-namespaces --output wide`; then deploy again
                """)
    }
}

@Suite("A load balancer")
struct LoadBalancerTests {
    private let step = LoadBalancerAnswers(
        "inference", namespace: "mlops", node: "10.77.0.11", within: .zero, every: .zero)

    @Test("has given an address, or is named as missing")
    func isNamed() {
        #expect(step.title == "load balancer gives inference an address")
        #expect(
            step.differences(
                whenLookEnds: 0,
                #"""
                {"kind":"Service","metadata":{"name":"inference"},"status":{"loadBalancer":{"ingress":[{\#
                "ip":"192.0.2.7"}]}}}
                """#
            )
                == [])
        #expect(
            step.differences(
                whenLookEnds: 0, #"{"kind":"Service","metadata":{"name":"inference"},"status":{"loadBalancer":{}}}"#)
                == ["Service inference has no address (pending)"])
    }

    @Test("is waited for")
    func isWaitedFor() async throws {
        let looks = Counter()
        let host = ScriptedTransport { _ in
            let ingress = looks.next() < 3 ? "" : #"{"hostname":"lb.example"}"#
            return Output(
                answering: CommandState(
                    text: #"""
                        {"kind":"Service","metadata":{"name":"inference"},\#
                        "status":{"loadBalancer":{"ingress":[\#(ingress)]}}}
                        """#))
        }
        let step = LoadBalancerAnswers(
            "inference", namespace: "mlops", node: "10.77.0.11", within: .seconds(100), every: .zero)
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(await host.commands.count == 3)
    }

    @Test("that never comes is explained")
    func isExplained() async throws {
        let pending =
            #"""
            {"kind":"Service","metadata":{"name":"inference"},"spec":{"ports":[{"port":80,"nodePort":31000}]},\#
            "status":{"loadBalancer":{}}}
            """#
        let host = ScriptedTransport { _ in Output(answering: CommandState(text: pending)) }
        let error = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            error?.description == """
                kubmaster: Service inference waits for a load balancer's address
                  why  nothing in this cluster hands out addresses: clouds do, bare machines do not
                       it answers at http://10.77.0.11:31000 meanwhile
                  fix  write `expose: NodePort` under service: in the inventory, or install a load balancer such as \
                MetalLB; then deploy again
                """)
        #expect(error?.kind == .incomplete)
    }
}
