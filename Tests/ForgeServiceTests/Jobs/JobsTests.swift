import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The jobs of a service")
struct JobsTests {
    private let now = Date(kubernetes: "2026-11-21T15:17:32Z")!

    private func jobs(_ items: String..., of service: Service = Service()) throws -> ServiceJobs {
        ServiceJobs(
            try #require(JobObject.list("{\"items\":[\(items.joined(separator: ","))]}")), of: service, now: now)
    }

    /// `label`: nil for what stands before the second dash of the name.
    private func job(_ name: String, _ status: String, spec: String = #"{"completions":4}"#, label: String? = nil)
        -> String
    {
        #"{"kind":"Job","metadata":\#(metadata(name, label)),"spec":\#(spec),"status":\#(status)}"#
    }

    private func metadata(_ name: String, _ label: String? = nil) -> String {
        let label = label ?? name.split(separator: "-").prefix(2).joined(separator: "-")
        return #"{"name":"\#(name)","labels":{"app.kubernetes.io/name":"\#(label)"}}"#
    }

    @Test(
        "say how far they are",
        arguments: [
            (#"{}"#, "waiting to begin", nil),
            (#"{"startTime":"2026-11-21T15:17:02Z","active":2,"succeeded":2}"#, "running, 2 of 4 done", 30),
            (
                #"{"startTime":"2026-11-21T15:17:02Z","active":1,"failed":1}"#,
                "running, 0 of 4 done, 1 pod failed so far", 30
            ),
            (
                #"""
                {"startTime":"2026-11-21T15:00:00Z","completionTime":"2026-11-21T15:01:15Z","conditions":[{\#
                "type":"Complete","status":"True"}]}
                """#,
                "complete", 75
            ),
            (
                #"""
                {"startTime":"2026-11-21T15:00:00Z","conditions":[{"type":"Failed","status":"True",\#
                "reason":"BackoffLimitExceeded","message":"Job has reached the specified backoff limit",\#
                "lastTransitionTime":"2026-11-21T15:00:40Z"}]}
                """#,
                "failed: BackoffLimitExceeded: Job has reached the specified backoff limit", 40
            ),
        ] as [(String, String, Double?)])
    func states(status: String, state: String, seconds: Double?) throws {
        let run = try #require(try jobs(job("inference-batch-20261121", status)).runs.first)
        #expect(run.purpose == "batch run")
        #expect(run.state == state)
        #expect(run.seconds == seconds)
        #expect(run.isOver == (state == "complete" || state.hasPrefix("failed")))
    }

    @Test("are those of this service, the last one first")
    func order() throws {
        let found = try jobs(
            job("inference-train-1", #"{"startTime":"2026-11-21T10:00:00Z"}"#), job("other-batch-1", "{}"),
            job("inference-batch-2", #"{"startTime":"2026-11-21T11:00:00Z"}"#), job("inference-batches", "{}"),
            job("inference-batch-3", "{}", spec: #"{"suspend":true,"parallelism":2}"#))
        #expect(found.runs.map(\.name) == ["inference-batch-3", "inference-batch-2", "inference-train-1"])
        #expect(found.runs.map(\.purpose) == ["batch run", "batch run", "training"])
        #expect(found.runs[0].state == "suspended, 0 of 2 done")
        // A Job that does not say how many pods it needs has one.
        let one = try jobs(job("inference-batch-1", #"{"startTime":"2026-11-21T11:00:00Z"}"#, spec: "{}"))
        #expect(one.runs.map(\.state) == ["running, 0 of 1 done"])
    }

    @Test("are a push where their Job is named so")
    func push() throws {
        var service = Service()
        let label = JobKind.train.label(service)
        #expect(try jobs(job("inference-push-1", "{}", label: label)).runs.map(\.purpose) == ["push"])
        #expect(try jobs(job("inference-pushed", "{}", label: label)).runs.map(\.purpose) == ["training"])
        // A service of that name has trainings, too.
        service.name = "inference-push"
        let training = job("inference-push-train-1", "{}", label: JobKind.train.label(service))
        #expect(try jobs(training, of: service).runs.map(\.purpose) == ["training"])
    }

    @Test("are known by their label, however long the service's name is")
    func longName() throws {
        var service = Service()
        service.name = "the-inference-of-letters-from-brain-waves"
        let found = try jobs(
            job("\(JobKind.batch.prefix(service))-1", "{}", label: JobKind.batch.label(service)),
            job("\(JobKind.train.prefix(service))-1", "{}", label: JobKind.train.label(service)),
            // Its names begin as this one's.
            job("\(JobKind.batch.prefix(service))-2", "{}", label: "the-inference-of-letters-from-elsewhere-batch"),
            of: service)
        #expect(
            found.runs.map(\.name) == ["the-inference-of-le-6e2b3e8c-train-1", "the-inference-of-le-6e2b3e8c-batch-1"])
        #expect(found.runs.map(\.purpose) == ["training", "batch run"])
        let pushes = try jobs(
            job("\(JobKind.pushPrefix(service))-1", "{}", label: JobKind.train.label(service)),
            // As earlier versions named it.
            job("the-inference-of-letters-fro-push-1", "{}", label: JobKind.train.label(service)), of: service)
        #expect(pushes.runs.map(\.purpose) == ["push", "push"])
    }

    @Test("have schedules, with the last time and the next")
    func schedules() throws {
        func schedule(_ name: String, _ more: String = "", _ status: String = "{}") -> String {
            #"""
            {"kind":"CronJob","metadata":\#(metadata(name)),"spec":{"schedule":"0 2 * * *"\#(more)},"status":\#(status)}
            """#
        }
        let found = try jobs(
            schedule("inference-batch-nightly", "", #"{"lastScheduleTime":"2026-11-21T02:00:00Z"}"#),
            schedule("inference-batch", #","suspend":true"#)
        ).schedules
        #expect(found.map(\.name) == ["inference-batch", "inference-batch-nightly"])
        #expect(found[0].isSuspended && found[0].nextRun == nil && found[0].lastRun == nil)
        #expect(found[1].lastRun == Date(kubernetes: "2026-11-21T02:00:00Z"))
        #expect(found[1].nextRun == Date(kubernetes: "2026-11-22T02:00:00Z"))
    }

    @Test("are asked for in one look, and a cluster that does not answer is told")
    func silent() async throws {
        let host = ScriptedTransport { _ in Output(answering: CommandState(exitCode: 1, text: "")) }
        let error = await #expect(throws: Problem.self) {
            try await ServiceJobs.ask(Service(), on: Example.master, over: host, now: now)
        }
        #expect(
            error?.description == """
                kubmaster: the cluster's API does not answer
                  fix  see why: `sudo journalctl -u kubelet -n 50` on kubmaster; a bare machine needs `kubeforge \
                provision` first
                """)
        let script = try #require(await host.commands.first?.inputText)
        #expect(script.contains("get jobs,cronjobs --selector app.kubernetes.io/managed-by=kubeforge --output json"))
        let list = "{\"items\":[\(job("inference-batch-1", "{}"))]}"
        let answering = ScriptedTransport { _ in Output(answering: CommandState(text: list)) }
        let found = try await ServiceJobs.ask(Service(), on: Example.master, over: answering, now: now)
        #expect(found.runs.map(\.name) == ["inference-batch-1"])
        // What was printed before a failure is not all that there is.
        let failing = ScriptedTransport { _ in Output(answering: CommandState(exitCode: 1, text: list)) }
        await #expect(throws: Problem.self) {
            try await ServiceJobs.ask(Service(), on: Example.master, over: failing, now: now)
        }
    }
}
