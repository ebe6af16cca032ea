import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Synchronization
import Testing

@testable import ForgeService

@Suite("What pods print")
struct LogsTests {
    private static func pods(_ pods: (name: String, state: String)...) -> String {
        list(pods.map { item($0.name, containers: container($0.state)) })
    }

    private static func container(_ state: String, restarts: Int = 0) -> String {
        #"{"name":"inference","ready":true,"restartCount":\#(restarts),"state":{\#(state)}}"#
    }

    private static func item(_ name: String, containers: String, phase: String = "Running") -> String {
        #"""
        {"kind":"Pod","metadata":{"name":"\#(name)"},"status":{"phase":"\#(phase)",\#
        "containerStatuses":[\#(containers)]}}
        """#
    }

    private static func list(_ items: [String]) -> String { "{\"items\":[\(items.joined(separator: ","))]}" }

    private static let two = pods((name: "inference-b", state: ""), (name: "inference-a1", state: ""))

    /// What was told, and what was run beside the look.
    private func read(
        _ kind: PodKind = .online, follow: Bool = false, pods: String, _ output: Output = Output("")
    ) async throws -> (told: [String], commands: [String], looks: String) {
        let host = ScriptedTransport {
            $0.line == "sh -s" ? Output(answering: CommandState(exitCode: 0, text: pods)) : output
        }
        let witness = Witness()
        try await ServiceLogs(Service(), of: kind, tail: 7, isFollowed: follow).run(
            on: Example.master, over: host, reporter: witness)
        let commands = await host.commands
        return (witness.told.withLock { $0 }, commands.dropFirst().map(\.line), commands[0].inputText)
    }

    @Test("is told line by line under the pod's name")
    func lines() async throws {
        let printed = Output(
            """
            [pod/inference-a1/inference] GET / 200\n[pod/inference-b/inference] \nno \
            prefix\n[pod/inference-a1/inference] [x] y\n
            """
        )
        let found = try await read(pods: Self.two, printed)
        #expect(found.told == ["inference-a1 0 12: GET / 200", "inference-b 1 12: ", "inference-a1 0 12: [x] y"])
        let kubectl =
            """
            kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops logs --prefix \
            --tail=7
            """
        #expect(
            found.commands == [
                """
                sh -c 'status=0; for pod in \"$@\"; do \(kubectl) \"pod/$pod\" || status=1; done; exit $status' sh \
                inference-a1 inference-b
                """
            ])
    }

    @Test("is followed for all pods at once, without kubectl's time limit")
    func follow() async throws {
        let found = try await read(follow: true, pods: Self.two, Output("[pod/inference-b/inference] a\n"))
        #expect(found.told == ["inference-b 1 12: a"])
        let options =
            """
            --selector app.kubernetes.io/name=inference --prefix --tail=7 --follow --ignore-errors \
            --max-log-requests=52 --request-timeout=0
            """
        #expect(found.commands.first?.contains("--namespace mlops logs \(options) & logs=$!") == true)
    }

    @Test(
        "belongs to the kind that is asked for",
        arguments: [(PodKind.online, "inference"), (.batch, "inference-batch"), (.train, "inference-train")])
    func kinds(kind: PodKind, label: String) async throws {
        #expect(
            try await read(kind, pods: Self.two).looks.contains(
                "get pods --selector app.kubernetes.io/name=\(label) --output json"))
    }

    @Test("is not expected of pods that have not started")
    func waiting() async throws {
        let creating = (name: "inference-c", state: #""waiting":{"reason":"ContainerCreating"}"#)
        let found = try await read(pods: Self.pods((name: "inference-a", state: ""), creating))
        #expect(found.told == ["inference-c has not started yet: ContainerCreating"])
        #expect(found.commands.first?.hasSuffix("sh inference-a") == true)
        let error = await #expect(throws: Problem.self) { try await read(pods: Self.pods(creating)) }
        #expect(
            error?.description == """
                no online pod of inference has started yet
                  why  inference-c: ContainerCreating
                  fix  ask again in a moment; `kubectl -n mlops describe pod inference-c` tells what it waits for
                """)
    }

    @Test("is there of a pod that is being started again, and of one whose own container runs beside another")
    func started() async throws {
        let (creating, again) = (
            #""waiting":{"reason":"ContainerCreating"}"#, #""waiting":{"reason":"CrashLoopBackOff"}"#
        )
        let both = [Self.container(""), Self.container(creating)].joined(separator: ",")
        let found = try await read(
            pods: Self.list([
                Self.item("inference-a", containers: Self.container(again, restarts: 1)),
                Self.item("inference-b", containers: both),
                Self.item("inference-c", containers: "", phase: "Pending"),
            ]))
        #expect(found.told == ["inference-c has not started yet: it is pending"])
        #expect(found.commands.first?.hasSuffix("sh inference-a inference-b") == true)
    }

    @Test("is followed until kubectl ends, for a week at most, and its end is told as kubectl tells it")
    func ending() async throws {
        let host = ScriptedTransport {
            $0.line == "sh -s" ? Output(answering: CommandState(exitCode: 0, text: Self.two)) : Output("")
        }
        try await ServiceLogs(Service(), of: .online, tail: 7, isFollowed: true).run(
            on: Example.master, over: host, reporter: Witness())
        let command = try #require(await host.commands.last)
        #expect(command.timeLimit == .seconds(604_800))
        try await TemporaryDirectory.during { directory in
            let go = directory.path("go")
            // It prints while the script already waits for it.
            try directory.write(
                "kubectl", "#!/bin/sh\nwhile [ ! -e \(go) ]; do :; done; echo a line; exit 3\n", mode: 0o755)
            try directory.write("sleep", "#!/bin/sh\n: >\(go)\n", mode: 0o755)
            let run = try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(command.words[2].text)")
            #expect(run.exitCode == 3, "\(run.output)")
            #expect(run.output.contains("a line\n"))
            #expect(run.output.hasPrefix("·\n"), "a sign of life")
        }
    }

    @Test("is nothing where there are no pods, and what makes some is said")
    func none() async {
        let online = await #expect(throws: Problem.self) { try await read(pods: #"{"items":[]}"#) }
        #expect(
            online?.description
                == "inference has no online pods in namespace mlops\n  fix  `kubeforge deploy` makes some")
        let batch = await #expect(throws: Problem.self) { try await read(.batch, pods: #"{"items":[]}"#) }
        #expect(
            batch?.description == """
                inference has no batch pods in namespace mlops
                  why  pods that have ended are removed after a while, with what they printed
                  fix  `kubeforge batch run` makes some
                """)
    }

    @Test("that cannot be read is a failure with kubectl's reason, not with a sign of life")
    func unreadable() async {
        let failure = Output(
            standardError: Array("·\nError from server (NotFound): pods \"a\" not found\n·\n".utf8), exit: .code(1))
        let error = await #expect(throws: Problem.self) { try await read(follow: true, pods: Self.two, failure) }
        #expect(error?.why == "Error from server (NotFound): pods \"a\" not found")
    }
}

private final class Witness: Reporter {
    let told = Mutex<[String]>([])

    func report(_ event: Event) {
        switch event {
        case .podLine(let line): told.withLock { $0.append("\(line.pod) \(line.place) \(line.columns): \(line.text)") }
        case .note(let text): told.withLock { $0.append(text) }
        default: break
        }
    }
}
