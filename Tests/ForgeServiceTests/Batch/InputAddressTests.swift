import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

/// The address may be `https://user:password@…` or `…?token=…`.
@Suite("The address that rows are fetched from")
struct InputAddressTests {
    private static let address = "https://ann:s3cret@data.example/rows.csv?token=s3cret"
    private static let shown = "https://data.example/rows.csv?•••"
    private let cluster = Example.cluster()
    private let secret = ScheduleSecret(of: "inference-batch", Example.cluster())

    private func schedule(_ input: BatchInput) throws -> ScheduleExists {
        try ScheduleExists(
            Schedule(name: nil, cron: try CronExpression("0 2 * * *"), input: input), of: cluster, release: .example,
            templates: Templates()
        )
    }

    /// As kubectl's JSON has it; `open`: as it was before addresses were in Secrets.
    private func cronJob(_ address: String?, isOpen: Bool = false, image: String = Example.release.reference) -> String
    {
        let annotations =
            address.flatMap { isOpen ? nil : #","annotations":{"kubeforge.io/input":"\#(BatchInput.shown($0))"}"# }
            ?? ""
        let words =
            ["python", "inference.py"] + (isOpen ? address.map { ["--input", $0] } ?? [] : []) + [
                "--results", "/tmp/results",
            ]
        let command = isOpen || address == nil ? words : Schedule.command(fetching: true, BatchOutput(), nil)
        return #"""
            {"items":[{"kind":"CronJob","metadata":{"name":"inference-batch"\#(annotations)},"spec":{"schedule":"0 2 \#
            * * *","jobTemplate":{"spec":
            {"template":{"spec":{"containers":[{"image":"\#(image)","command":\#(command.yamlList)}]}}}}}}]}
            """#
    }

    private func differences(_ input: BatchInput, _ found: String, _ kept: CommandState, drift: Int = 0) throws
        -> [String]
    {
        let step = try schedule(input)
        let looks = step.looks
        #expect(looks[2] == secret.look)
        return step.differences(
            given: Example.answers([
                looks[0]: CommandState(text: found), looks[1]: CommandState(exitCode: drift), looks[2]: kept,
            ])
        ).map(\.text)
    }

    @Test("of a schedule is compared by its digest, and told without what may be a password")
    func compared() throws {
        let url = BatchInput.url(Self.address)
        let (right, other) = (
            CommandState(text: ScheduleSecret.digest(Self.address) + "-"), CommandState(text: "0123-")
        )
        let (none, theirs, silent) = (CommandState(), CommandState(text: "-"), CommandState(exitCode: 1, text: "no"))
        #expect(try differences(url, cronJob(Self.address), right) == [])
        #expect(try differences(url, cronJob(Self.address), right, drift: 1) == ["it differs from its manifest"])
        #expect(
            try differences(url, cronJob(Self.address), other) == [
                "input: \(Self.shown), with another user, password or token"
            ])
        for kept in [none, theirs] {
            #expect(
                try differences(url, cronJob(Self.address), kept) == ["the address \(Self.shown) goes into a Secret"])
        }
        #expect(
            try differences(url, cronJob(Self.address), silent) == [
                "the cluster could not be queried for the Secret inference-batch-input"
            ])
        // As earlier releases of kubeforge made it.
        for kept in [none, right] {
            #expect(
                try differences(url, cronJob(Self.address, isOpen: true), kept) == [
                    "the address \(Self.shown) goes into a Secret"
                ])
        }
        #expect(try differences(url, cronJob(nil), none) == ["input: own data → \(Self.shown)"])
        #expect(try differences(.own, cronJob(Self.address), right) == ["input: \(Self.shown) → own data"])
        #expect(try differences(.own, cronJob(Self.address, isOpen: true), none) == ["input: \(Self.shown) → own data"])
        #expect(try differences(.own, cronJob(nil), right) == ["the address that it had is still in the cluster"])
        #expect(try differences(.own, cronJob(nil), theirs) == [])
        #expect(try differences(.own, cronJob(nil), none) == [])
    }

    /// Answers with the schedule, its uid, and what there is of its Secret.
    private func host(_ found: String, kept: String = "") -> ScriptedTransport {
        ScriptedTransport { command in
            if command.line.contains(" apply ") || command.line.contains(" delete ") { return Output("") }
            if command.inputText.contains("metadata.uid") { return Output(answering: CommandState(text: "0f-1a")) }
            if command.inputText.contains("managed-by}/") {
                return Output(answering: CommandState(text: found), CommandState(text: "kubeforge/inference-batch\n"))
            }
            return Output(answering: CommandState(text: command.inputText.contains("get secrets") ? kept : found))
        }
    }

    /// What the host got as a secret; nothing else of what it got has the password.
    private func secrets(_ host: ScriptedTransport) async -> [String] {
        var secrets: [String] = []
        for command in await host.commands {
            #expect(!command.line.contains("s3cret"))
            if case .secret(let bytes) = command.input {
                secrets.append(String(decoding: bytes, as: UTF8.self))
            } else {
                #expect(!command.inputText.contains("s3cret"))
            }
        }
        return secrets
    }

    private let manifest = """
        apiVersion: v1
        kind: Secret
        metadata:
          name: "inference-batch-input"
          namespace: "mlops"
          labels:
            app.kubernetes.io/name: "inference-batch"
            app.kubernetes.io/managed-by: kubeforge
          annotations:
            kubeforge.io/digest: "\(ScheduleSecret.digest(Self.address))"
          ownerReferences:
            - apiVersion: batch/v1beta1
              kind: CronJob
              name: "inference-batch"
              uid: "0f-1a"
        type: Opaque
        data:
          input: \(Data(Self.address.utf8).base64EncodedString())

        """

    @Test("of a schedule is in a Secret that the schedule owns, and nowhere else")
    func kept() async throws {
        let host = host(cronJob(nil))
        try await schedule(.url(Self.address)).apply(to: Machine(host: Example.master, transport: host))
        #expect(await secrets(host) == [manifest])
        let applied = await host.commands.filter { $0.line.contains(" apply ") }
        #expect(applied.map { $0.line.contains("--server-side") } == [false, true])
        #expect(applied[0].inputText.contains("kubeforge.io/input: \"\(Self.shown)\""))
        #expect(applied[0].inputText.contains("secretName: \"inference-batch-input\""))
        #expect(applied[0].inputText.contains("mountPath: /etc/batch-input"))
    }

    @Test("is not kept any longer when the schedule answers the image's own rows, or is gone")
    func removed() async throws {
        let gone = """
            kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops delete secrets \
            --selector app.kubernetes.io/managed-by=kubeforge,app.kubernetes.io/name=inference-batch --field-selector \
            metadata.name=inference-batch-input
            """
        let own = host(cronJob(Self.address))
        try await schedule(.own).apply(to: Machine(host: Example.master, transport: own))
        #expect(await own.commands.last?.line == gone)
        let host = host(cronJob(Self.address))
        let plan = try SchedulePlan.remove(nil, found: [], cluster: cluster)
        try await plan.stages[0].work[0].steps[0].apply(to: Machine(host: Example.master, transport: host))
        let lines = await host.commands.map(\.line)
        #expect(
            lines.count == 2 && lines[0].hasSuffix(" delete cronjob --ignore-not-found inference-batch")
                && lines[1] == gone)
    }

    @Test("does not go into a Secret of somebody else's that has its name")
    func theirs() async throws {
        let host = host(cronJob(nil), kept: "-")
        let problem = await #expect(throws: Problem.self) {
            try await schedule(.url(Self.address)).apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            problem?.description == """
                kubmaster: kubeforge did not make the Secret mlops.inference-batch-input; it was not changed
                  why  the address of the schedule would have its name
                  fix  give the schedule another name: --name
                """)
        #expect(await !host.commands.contains { $0.line.contains(" apply ") })
        // Nor where an earlier kubeforge wrote it into the schedule.
        let open = self.host(cronJob(Self.address, isOpen: true), kept: "-")
        let step = SchedulesUseRelease(Example.release, models: nil, of: cluster, templates: try Templates())
        let other = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: open))
        }
        #expect(other?.description == problem?.description)
        #expect(await !open.commands.contains { $0.line.contains(" apply ") })
    }

    @Test(
        """
        is in a Secret after the next deploy, where an earlier kubeforge wrote it into the schedule; one that is there \
        stays
        """
    )
    func followsRelease() async throws {
        let step = SchedulesUseRelease(Example.release, models: nil, of: cluster, templates: try Templates())
        #expect(
            step.differences(whenLookEnds: 0, cronJob(Self.address, isOpen: true)) == [
                "the address of inference-batch goes into a Secret"
            ])
        #expect(step.differences(whenLookEnds: 0, cronJob(Self.address)) == [])
        let host = host(cronJob(Self.address, isOpen: true))
        try await step.apply(to: Machine(host: Example.master, transport: host))
        #expect(await secrets(host) == [manifest])
        let description = try Schedule(name: nil, cron: try CronExpression("0 2 * * *"), input: .url(Self.address))
            .manifest(cluster, release: .example, templates: Templates())
        #expect(await host.commands.first { $0.line.hasSuffix(" apply -f -") }?.inputText == description)
        let later = self.host(cronJob(Self.address, image: "10.77.0.11:5443/mlops/inference:fedcba9876543210"))
        try await step.apply(to: Machine(host: Example.master, transport: later))
        #expect(await later.commands.last?.inputText == description)
        #expect(await secrets(later) == [])
    }

    @Test("of a run is in the Secret of its coordinator alone")
    func run() throws {
        let run = Example.batchRun(.url(Self.address))
        guard case .secret(let bytes) = BatchCoordinator(run).secret(run).input else {
            throw Problem(what: "it is not sent as a secret")
        }
        let secret = String(decoding: bytes, as: UTF8.self)
        #expect(
            secret.hasPrefix(
                """
                apiVersion: v1
                kind: Secret
                metadata:
                  name: "\(run.coordinator)"
                  namespace: "mlops"
                  labels:
                    app.kubernetes.io/name: "inference-coordinator"
                    app.kubernetes.io/instance: "\(run.name)"
                    app.kubernetes.io/managed-by: kubeforge
                type: Opaque
                stringData:
                  token: "
                """))
        #expect(secret.hasSuffix("\n  input: \"\(Self.address)\"\n"))
        let manifests = try BatchManifests(run, templates: Templates())
        #expect(try !(manifests.coordinator + manifests.shards(askingAt: "http://10.244.1.9:8081")).contains("s3cret"))
        let own = Example.batchRun(.own)
        guard case .secret(let other) = BatchCoordinator(own).secret(own).input else {
            throw Problem(what: "it is not sent as a secret")
        }
        #expect(!String(decoding: other, as: UTF8.self).contains("input:"))
    }

    @Test("is read by the programs of every release, and is in no program's arguments")
    func read() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("input", "\(Self.address)\n")
            try directory.write("beside.py", "name = 'beside'\n")
            try directory.write(
                "program.py",
                """
                import sys
                import beside
                print(__name__, beside.name, sys.argv, b's3cret' in open('/proc/self/cmdline', 'rb').read())
                """)
            let words = InputAddress.command(
                "program.py", file: directory.path("input"), ["--results", "/tmp/results"])
            let line = Command(
                ["env", "--chdir", Word(directory.path), "PYTHONDONTWRITEBYTECODE=1", "python3"]
                    + words.dropFirst().map { Word($0) }
            ).line
            let end = try LocalProgram("sh", "-c", line)
            #expect(words[0] == "python")
            #expect(
                end.output
                    == """
                    __main__ beside ['program.py', '--input', '\(Self.address)', '--results', '/tmp/results'] \
                    False\n
                    """
            )
        }
    }
}
