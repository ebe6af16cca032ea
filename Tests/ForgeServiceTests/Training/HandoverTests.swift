import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeService

@Suite("What a pod of a push waits for")
struct HandoverTests {
    private static let last = ["waiting for the model directory", "waiting for the signature of \(Signed.version)"]

    /// A control plane whose pod prints these last lines, one after the other, and is done when it has what it waits
    /// for.
    private final class PushCluster: Sendable {
        private let lines: Mutex<[String]>
        private let metadata: [UInt8]
        private let arrival: Output
        let given = Mutex<[(line: String, content: [UInt8])]>([])
        let told = Mutex<[String]>([])

        init(_ lines: [String], metadata: [UInt8] = Signed.metadata, arrival: Output = Output("")) {
            self.lines = Mutex(lines)
            self.metadata = metadata
            self.arrival = arrival
        }

        var machine: Machine {
            Machine(
                host: Example.master, transport: ScriptedTransport { self.reply($0) },
                onNews: { if case .detail(let detail) = $0 { self.told.withLock { $0.append(detail.text) } } })
        }

        private func reply(_ command: Command) -> Output? {
            let script = command.inputText
            if command.line.contains("exec -i") {
                guard case .bytes(let content) = command.input else { return nil }
                given.withLock { $0.append((command.line, content)) }
                lines.withLock { _ = $0.removeFirst() }
                return arrival
            }
            if command.line.contains("exec inference-push-1-x") { return Output(standardOutput: metadata) }
            if command.line.contains("apply -f -") { return Output("created") }
            let line = lines.withLock { $0.first }
            let name = "inference-push-1"
            let objects = Objects.list([
                Objects.job(name, line == nil ? "Complete" : nil),
                Objects.pod("\(name)-x", line == nil ? "Succeeded" : "Running", owner: name),
            ])
            let (state, events) = (CommandState(text: objects), CommandState(text: "{\"items\":[]}"))
            if script.contains("--tail=200") { return Output(answering: CommandState(text: "churn 0.75\n")) }
            if script.contains("logs --tail=20") { return Output(answering: state, events, CommandState(text: "")) }
            if script.contains("--tail=1 ") {
                return Output(answering: CommandState(text: line ?? ""), state, events, CommandState(text: ""))
            }
            return Output(answering: state, events, CommandState(text: ""))
        }
    }

    private func step(
        _ directory: TemporaryDirectory, isSigned: Bool, isFollowed: Bool = false,
        told: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> TrainingIsComplete {
        var store = Example.store
        if isSigned {
            try await LoopbackSSHD.makeKey(directory.path("id"))
            try directory.write("allowed_signers", "ann " + directory.text("id.pub"))
            store.signing = .init(signersPath: directory.path("allowed_signers"), keyPath: directory.path("id"))
        }
        let cluster = Example.cluster(service: Service(models: store))
        try directory.write("churn/churn.joblib", "a model")
        let run = TrainingRun(
            of: cluster, release: .example, pushing: try PushedModel(directory.path("churn"), as: "churn"), time: "1")
        return TrainingIsComplete(
            run, manifest: try run.manifest(Templates()), isFollowed: isFollowed,
            handover: Handover(run, signer: ModelSigner(cluster, on: LocalTransport())), patience: .seconds(100),
            every: .zero, told: told)
    }

    @Test("comes before the log, which is told in the end where it was not followed", arguments: [false, true])
    func log(isFollowed: Bool) async throws {
        try await TemporaryDirectory.during { directory in
            let logs = Mutex<[String]>([])
            let step = try await step(directory, isSigned: false, isFollowed: isFollowed) { log in
                logs.withLock { $0.append(log) }
            }
            try await step.apply(to: PushCluster([Self.last[0]]).machine)
            let told = logs.withLock { $0 }.map { $0.trimming(while: \.isNewline) }
            #expect(told == (isFollowed ? [] : ["churn 0.75"]))
        }
    }

    @Test("is brought when it waits for it: the directory as an archive, then the signature of what its pod has made")
    func both() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = PushCluster(Self.last)
            try await step(directory, isSigned: true).apply(to: cluster.machine)
            let given = cluster.given.withLock { $0 }
            try #require(given.count == 2)
            let archive = try TarArchive(["churn.joblib": Array("a model".utf8)]).bytes
            #expect(given[0].content == archive)
            let exec = """
                kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops exec -i \
                --request-timeout=0 inference-push-1-x -c training -- python handover.py
                """
            #expect(
                given[0].line
                    == "\(exec) directory --bytes \(archive.count) --sha256 \(SHA256.hex(archive))")
            let signature = given[1].content
            #expect(
                given[1].line
                    == "\(exec) signature --bytes \(signature.count) --sha256 \(SHA256.hex(signature))")
            try directory.write("sig", String(decoding: signature, as: UTF8.self))
            let verified = try LocalProgram(
                "ssh-keygen", "-Y", "verify", "-n", "kubeforge-model", "-f", directory.path("allowed_signers"), "-I",
                "ann", "-s", directory.path("sig"), input: Signed.metadata)
            #expect(verified.exitCode == 0, "\(verified.output)")
            #expect(cluster.told.withLock { $0 } == ["2 kB sent", "\(Signed.version) is signed", "churn 0.75"])
        }
    }

    @Test("has ended well where its own Job says so")
    func ended() async throws {
        try await TemporaryDirectory.during { directory in
            let step = try await step(directory, isSigned: false)
            func found(_ jobs: [String]) -> [String] { step.differences(whenLookEnds: 0, Objects.list(jobs)) }
            #expect(found([Objects.job("inference-push-2", "Complete")]) == ["it has not begun"])
            #expect(found([Objects.job("inference-push-1")]) == ["it has not ended well"])
            #expect(found([Objects.job("inference-push-1", "Failed")]) == ["it has not ended well"])
            #expect(found([Objects.job("inference-push-1", "Complete")]) == [])
        }
    }

    @Test("is the directory alone where versions are not signed, once")
    func unsigned() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = PushCluster([Self.last[0], Self.last[0], "churn 0.75"])
            var given = try #require(try handover(directory))
            let state = JobStatus(objects: Objects.list([Objects.pod("p", "Running", owner: "j")]))
            let look = try #require(given.questions(state).first)
            let answers = Answers([look: .command(CommandState(text: Self.last[0]))])
            try await given.bring(answers, to: cluster.machine)
            _ = given.questions(state)
            try await given.bring(answers, to: cluster.machine)
            #expect(cluster.given.withLock { $0.count } == 1)
            // Another pod has nothing of it.
            let other = JobStatus(objects: Objects.list([Objects.pod("q", "Running", owner: "j")]))
            let second = try #require(given.questions(other).first)
            try await given.bring(
                Answers([second: .command(CommandState(text: Self.last[0]))]), to: cluster.machine)
            #expect(cluster.given.withLock { $0.map { $0.line.contains(" q -c ") } } == [false, true])
            #expect(given.questions(JobStatus(objects: "")).isEmpty)
        }
    }

    private func handover(_ directory: TemporaryDirectory) throws -> Handover? {
        try directory.write("churn/churn.joblib", "a model")
        let cluster = Example.cluster(service: Service(models: Example.store))
        #expect(Handover(TrainingRun(of: cluster, release: .example, time: "1"), signer: nil) == nil)
        return Handover(
            TrainingRun(
                of: cluster, release: .example, pushing: try PushedModel(directory.path("churn"), as: "churn"),
                time: "1"),
            signer: nil)
    }

    @Test("that does not arrive ends the push with what the pod says of it")
    func cutOff() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = PushCluster(
                Self.last, arrival: .failed(1, "the directory is cut off: only 5 of 2048 bytes arrived\n"))
            let step = try await step(directory, isSigned: false)
            let problem = await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
            #expect(
                problem?.description == """
                    kubmaster: churn did not arrive in the pod inference-push-1-x
                      why  the directory is cut off: only 5 of 2048 bytes arrived
                      fix  run it again
                    """)
        }
    }

    @Test("is not signed where its metadata.json is not that of the version")
    func another() async throws {
        try await TemporaryDirectory.during { directory in
            let cluster = PushCluster([Self.last[1]], metadata: Array("{\"version\": \"other\"}".utf8))
            let step = try await step(directory, isSigned: true)
            let problem = await #expect(throws: Problem.self) { try await step.apply(to: cluster.machine) }
            #expect(problem?.what == "kubmaster: version \(Signed.version) is not signed")
            #expect(cluster.given.withLock { $0.count } == 0)
        }
    }

    @Test(
        "is known by its last line, and by no other",
        arguments: [
            ("waiting for the model directory", Awaited.directory),
            ("waiting for the signature of v-1", .signature(of: "v-1")), ("waiting for the signature of ../x", nil),
            ("waiting for the model directory ", nil), ("", nil), ("lda 0.7", nil),
        ] as [(String, Awaited?)])
    func lines(line: String, awaited: Awaited?) { #expect(Awaited(line) == awaited) }
}
