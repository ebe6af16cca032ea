import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("The name of a schedule")
struct ScheduleNameTests {
    private static let former = "customer-churn-prediction-eu-batch-weekly"
    private static let present = "customer-churn-pred-d43b99d7-batch-weekly"
    private let cluster = Example.cluster(service: Service(name: "customer-churn-prediction-eu-west"))

    private func step(_ cluster: Cluster) throws -> ScheduleExists {
        try ScheduleExists(
            Schedule(name: "weekly", cron: try CronExpression("0 2 * * *"), input: .own), of: cluster,
            release: .example, templates: Templates())
    }

    private func found(_ names: [String]) -> CommandState {
        Told.list(
            names.map {
                #"""
                {"kind":"CronJob","metadata":{"name":"\#($0)"},"spec":{"schedule":"0 2 * * *","jobTemplate":{"spec":{\#
                "template":{"spec":{"containers":[{"image":"\#(Example.release.reference)",\#
                "command":["python","inference.py"]}]}}}}}}
                """#
            }.joined(separator: ","))
    }

    /// A host whose cluster has these schedules of the service, and a CronJob of the name whose labels are these.
    private func host(_ names: [String], owner: CommandState) -> ScriptedTransport {
        let found = found(names)
        return ScriptedTransport { command in
            command.inputText.contains("get cronjobs") ? Output(answering: found, owner) : Output("")
        }
    }

    private func differences(_ step: ScheduleExists, _ names: [String], owner: CommandState) -> [Difference] {
        step.differences(
            given: Example.answers([
                step.looks[0]: found(names), step.looks[1]: CommandState(), step.looks[3]: owner,
            ]))
    }

    @Test(
        "that another's CronJob has is refused, in a dry run, too",
        arguments: [
            ("/", "it was not made by kubeforge"), ("helm/inference-batch", "it was not made by kubeforge"),
            ("kubeforge/other-batch", "it is a schedule of the service other"),
            ("kubeforge/", "it was not made by kubeforge"),
        ])
    func theirs(labels: String, why: String) async throws {
        let (step, owner) = (try step(Example.cluster()), CommandState(text: labels + "\n"))
        let host = host([], owner: owner)
        let problem = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(
            problem?.description == """
                kubmaster: CronJob mlops.inference-batch-weekly has the name of the schedule; it was not changed
                  why  \(why)
                  fix  give the schedule another name: --name
                """)
        #expect(await host.commands.count == 1)
        let told = differences(step, [], owner: owner)
        #expect(told.map(\.text) == ["CronJob mlops.inference-batch-weekly: \(why)"])
        #expect(step.refusal(of: told, on: Example.master)?.description == problem?.description)
    }

    @Test("that may be another's is not used as long as the cluster does not say whose it is")
    func silent() async throws {
        let (step, owner) = (try step(Example.cluster()), CommandState(exitCode: 1, text: "no route"))
        let told = differences(step, [], owner: owner)
        #expect(
            told.map(\.text) == [
                "the cluster could not be queried for the CronJob inference-batch-weekly: no route"
            ])
        #expect(step.refusal(of: told, on: Example.master) == nil)
        let host = host([], owner: owner)
        let problem = await #expect(throws: Problem.self) {
            try await step.apply(to: Machine(host: Example.master, transport: host))
        }
        #expect(problem?.why == "no route")
        #expect(await host.commands.count == 1)
    }

    @Test("is free, or the schedule's own")
    func free() async throws {
        for (names, labels) in [([], ""), (["inference-batch-weekly"], "kubeforge/inference-batch\n")] {
            let host = host(names, owner: CommandState(text: labels))
            try await step(Example.cluster()).apply(to: Machine(host: Example.master, transport: host))
            #expect(await host.commands.contains { $0.line.hasSuffix(" apply -f -") })
            #expect(await !host.commands.contains { $0.line.contains(" cronjob ") })
        }
    }

    @Test("takes the place of the one that earlier versions gave it, which does not begin runs beside it")
    func former() async throws {
        let step = try step(cluster)
        #expect(
            differences(step, [Self.former], owner: CommandState()).map(\.text) == [
                "its name: \(Self.former) → \(Self.present)"
            ])
        #expect(
            differences(step, [Self.former, Self.present], owner: CommandState()).map(\.text) == [
                "it runs under its former name, too: \(Self.former)"
            ])
        #expect(differences(step, [Self.present], owner: CommandState()).isEmpty)
        let host = host([Self.former], owner: CommandState())
        try await step.apply(to: Machine(host: Example.master, transport: host))
        let lines = await host.commands.map(\.line)
        try #require(lines.count == 5)
        #expect(lines[1].hasSuffix(" apply -f -"))
        #expect(lines[3].hasSuffix(" delete cronjob --cascade=orphan --ignore-not-found \(Self.former)"))
        #expect(lines[4].hasSuffix(" --field-selector metadata.name=\(Self.former)-input"))
    }

    @Test("leaves the former one alone where the cluster does not say whether there is one")
    func formerIsNotKnown() async throws {
        let host = ScriptedTransport { command in
            let silence = CommandState(exitCode: 1, text: "no route")
            return command.inputText.contains("get cronjobs") ? Output(answering: silence, CommandState()) : Output("")
        }
        try await step(cluster).apply(to: Machine(host: Example.master, transport: host))
        #expect(await host.commands.contains { $0.line.hasSuffix(" apply -f -") })
        #expect(await !host.commands.contains { $0.line.contains(" delete cronjob ") })
    }

    @Test("may be the former one where the schedule is removed or listed")
    func removed() throws {
        func removed(_ names: [String]) throws -> [String] {
            let found = try #require(JobObject.list(found(names).text))
            let plan = try SchedulePlan.remove("weekly", found: found, cluster: cluster)
            return plan.stages[0].work[0].steps.map(\.title)
        }
        let (former, present) = ("\(Self.former) is not scheduled", "\(Self.present) is not scheduled")
        #expect(try removed([]) == [present])
        #expect(try removed([Self.former]) == [former])
        #expect(try removed([Self.former, Self.present]) == [present, former])
        let names = [Self.former, Self.present, "customer-churn-prediction-eu-batch"]
        #expect(names.map { Schedule.shortName(of: $0, cluster.service) } == ["weekly", "weekly", nil])
    }
}
