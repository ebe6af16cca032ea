import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTestSupport
import Testing

@testable import ForgeCLI

@Suite("A command on a cluster that a test plays")
struct CommandRunTests {
    private func run(_ action: Action, of cluster: Cluster = .lab, on host: any Transport) async throws
        -> (code: Int32, witness: Witness)
    {
        let (scene, witness) = (try Scene(), Witness())
        let code = await ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness,
            read: { _ in cluster }, connect: { _ in host }
        ).finish()
        return (code, witness)
    }

    private func typed(_ words: String...) throws -> Action {
        let command = try Kubeforge.parseAsRoot(words)
        return try #require(command as? any ActionCommand).action(try Scene().surroundings)
    }

    /// The same action, with nothing left to do.
    private func done(_ action: Action) -> Action {
        var action = action
        action.work = .plan { _ in Plan(stages: [], essential: []) }
        action.lease = nil
        return action
    }

    /// What a host answers to one question.
    private static func frame(_ text: String) -> String { "0 \(text.utf8.count)\n\(text)\n" }

    private static func list(_ items: [String]) -> String { "{\"items\":[\(items.joined(separator: ","))]}" }

    private static let withoutPassword = Output(
        standardError: Array("sudo: a password is required\n".utf8), exit: .code(1))

    @Test(
        "proposes a first request that the deployed service answers",
        arguments: [
            (nil, .public, "prediction/23"), ("churn", .public, "prediction/0"), ("churn", .private, "score"),
        ] as [(String?, Service.Examples, String)])
    func firstRequest(model: String?, examples: Service.Examples, path: String) async throws {
        var cluster = Cluster.lab
        cluster.service.model = model
        cluster.service.examples = examples
        let action = done(.deploy(isDryRun: false, within: .seconds(1)))
        let (code, witness) = try await run(action, of: cluster, on: FakeTransport { _ in Output("30080") })
        #expect(code == 0)
        #expect(witness.notes.last == "next  kubeforge smoke-test\n      curl http://10.77.0.11:30080/\(path)")
    }

    @Test("proposes the deploy that brings trained models into service; without a store they are not kept")
    func training() async throws {
        var action = done(.train(isFollowed: false, time: "1"))
        action.afterwards = { _ in }
        var cluster = Cluster.lab
        let without = try await run(action, of: cluster, on: FakeTransport()).witness.notes
        #expect(
            without.suffix(2) == [
                "these models are not kept: a deploy trains its own into the image (service: models: image)",
                "next  kubeforge deploy   (after a change of the data)",
            ])
        cluster.service.models = ModelStore(url: "sftp://a@b/c", keyPath: "/k", knownHostsPath: "/h")
        let with = try await run(action, of: cluster, on: FakeTransport()).witness.notes
        #expect(with.last == "next  kubeforge deploy   (into service after the canary check)")
    }

    @Test("clears what it left in the cluster, and nothing of another run", arguments: ["batch", "train", "push"])
    func clears(kind: String) async throws {
        let order = BatchOrder(
            input: .own, typedInput: nil, output: BatchOutput(), shards: 1, isFollowed: false, time: "1",
            results: nil, here: try Scene().surroundings)
        let action: Action =
            switch kind {
            case "batch": .batchRun(order)
            case "train": .train(isFollowed: false, time: "1")
            default: .push(PushOrder(directory: "/d", typed: "d", isFollowed: false, time: "1"))
            }
        let found = Output(Self.frame(Self.list([])))
        let host = ScriptedTransport { $0.line == "sh -s" ? found : Output("") }
        let (code, witness) = try await run(done(action), on: host)
        #expect(code == 0, "\(witness.problems)")
        let last = try #require(await host.commands.last)
        #expect(
            last.words.map(\.text).suffix(2) == [
                "pod/inference-\(kind)-1-coordinator", "secret/inference-\(kind)-1-coordinator",
            ])
    }

    @Test("lists jobs and schedules, each where there are some, and says that there are none")
    func jobs() async throws {
        func object(_ kind: String, _ name: String, _ spec: String, _ status: String = "{}") -> String {
            let labels = #"{"app.kubernetes.io/name":"inference-batch"}"#
            return
                #"""
                {"kind":"\#(kind)","metadata":{"name":"\#(name)","labels":\#(labels)},"spec":\#(spec),\#
                "status":\#(status)}
                """#
        }
        func listed(_ items: String...) async throws -> Witness {
            let text = Self.frame(Self.list(items))
            let (code, witness) = try await run(try typed("jobs"), on: FakeTransport { _ in Output(text) })
            #expect(code == 0, "\(witness.problems)")
            return witness
        }
        let complete = #"""
            {"startTime":"2025-11-21T15:00:00Z","completionTime":"2025-11-21T15:01:15Z","conditions":[{\#
            "type":"Complete","status":"True"}]}
            """#
        let running = #"{"startTime":"2025-11-21T16:00:00Z","active":1}"#
        let some = [
            object("Job", "inference-batch-1", "{}", complete), object("Job", "inference-batch-2", "{}", running),
            object("Job", "inference-batch-3", "{}"),
        ]
        let schedule = object("CronJob", "inference-batch", #"{"schedule":"0 2 * * *","suspend":true}"#)
        let nothing = "inference has no batch runs, no trainings and no schedules in namespace mlops"

        let runs = try await listed(some[0], some[1], some[2])
        #expect(runs.tables.map(\.kind) == ["job"])
        #expect(!runs.notes.contains(nothing))
        let rows = try #require(runs.tables.first).rows
        try #require(rows.count == 3)
        #expect(rows[0] == ["batch run", "inference-batch-3", "waiting to begin", "", ""])
        #expect(rows[1].prefix(3) == ["batch run", "inference-batch-2", "running, 0 of 1 done"])
        #expect(rows[1][3] == "2025-11-21T16:00:00Z")
        #expect(rows[1][4].hasSuffix(" so far"))
        #expect(rows[2] == ["batch run", "inference-batch-1", "complete", "2025-11-21T15:00:00Z", "1 min 15 s"])

        let schedules = try await listed(schedule)
        #expect(schedules.tables.map(\.kind) == ["schedule"])
        #expect(schedules.tables.first?.rows == [["batch run", "inference-batch", "0 2 * * *", "", "suspended"]])
        #expect(!schedules.notes.contains(nothing))

        let none = try await listed()
        #expect(none.tables.isEmpty)
        #expect(none.notes.contains(nothing))
    }

    @Test("shows the latest 20 lines of each pod, or as many as are asked for")
    func logs() async throws {
        let pod = #"""
            {"kind":"Pod","metadata":{"name":"inference-a"},"status":{"phase":"Running","containerStatuses":[{\#
            "name":"inference","ready":true,"restartCount":0,"state":{}}]}}
            """#
        let found = Output(Self.frame(Self.list([pod])))
        let (plain, five) = (try typed("logs"), try typed("logs", "--tail", "5"))
        for (action, option) in [(plain, "--tail=20 "), (five, "--tail=5 ")] {
            let host = ScriptedTransport { $0.line == "sh -s" ? found : Output("") }
            let (code, witness) = try await run(action, on: host)
            #expect(code == 0, "\(witness.problems)")
            let last = try #require(await host.commands.last)
            #expect(last.line.contains(option), "\(last.line)")
        }
    }

    @Test("plans a cluster of the machines that answer, and none where the control plane does not")
    func provision() async throws {
        let refusal = Self.withoutPassword
        let facts = Output(Self.frame("ID=debian\nVERSION_ID=13\n") + Self.frame("architecture=amd64\n"))
        let surveyed = FakeTransport { $0.inputText.contains("architecture=") ? facts : refusal }
        let (_, planned) = try await run(.provision(isDryRun: true), on: surveyed)
        // The plan is there, and its own questions are what is refused.
        #expect(planned.problems.count == 2)
        let refused = planned.problems.filter { $0.contains("sudo asks ubuntu for a password") }
        #expect(refused.count == 2, "\(planned.problems)")
        let (code, silent) = try await run(.provision(isDryRun: true), on: FakeTransport { _ in refusal })
        #expect(code == 1)
        #expect(silent.steps.isEmpty)
        #expect(
            silent.problems.last
                == """
                -: lab: nothing was changed, because its control plane kubmaster did not answer
                  fix  fix the cause shown above, then run again
                """)
    }

    @Test("releases what the cluster holds, too, where a machine cannot be released")
    func unlock() async throws {
        let held = Output(Self.frame("kept a run") + String(repeating: Self.frame(""), count: 4))
        let refusal = Self.withoutPassword
        let host = FakeTransport { $0.inputText.contains("frame()") ? held : refusal }
        let (_, witness) = try await run(try typed("unlock", "--yes"), on: host)
        let master = witness.steps.filter { $0.host == "kubmaster" }
        #expect(master.first?.title == "no run holds the machine")
        #expect(master.first?.outcome == .failed)
        #expect(master.count == 2, "\(master)")
        #expect(witness.steps.filter { $0.host == "kubnode" }.count == 1)
    }
}

@Suite("Commands that are under way")
struct RunningCommandsTests {
    @Test("are listed in the order in which they began, until they end")
    func order() {
        let running = RunningCommands()
        #expect(!running.haveBegun)
        let hosts = (1...9).map { "node\($0)" }
        let numbers = hosts.map { running.began(Command("true"), on: $0) }
        #expect(running.all.map(\.host) == hosts)
        for number in numbers.dropFirst() { running.ended(number) }
        #expect(running.all.map(\.host) == ["node1"])
        running.ended(numbers[0])
        #expect(running.all.isEmpty)
        #expect(running.haveBegun)
    }

    @Test("are shown as they are typed, and a script that comes over standard input by its size")
    func told() {
        var (script, copy) = (Command("sh", "-s"), Command("tee", "/etc/hosts"))
        script.input = .bytes(Array("exit\n".utf8))
        copy.input = .bytes(Array("a".utf8))
        #expect(script.told == "a script of 5 bytes")
        #expect(copy.told == "`tee /etc/hosts`")
        #expect(Command("apt-get", "install").told == "`apt-get install`")
    }
}
