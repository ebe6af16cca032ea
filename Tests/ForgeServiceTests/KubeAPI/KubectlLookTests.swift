import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

/// What each verb asks first, as a person meets it where the cluster does not answer.
private let verbs: [String: @Sendable (any Transport) async throws -> Void] = [
    "batch list, batch unschedule": { host in
        let look = SchedulesLook(Service())
        _ = try look.schedules(try await host.ask(look.questions, of: Example.master), from: "kubmaster")
    },
    "batch run, batch schedule, train": { _ = try await DeployedRelease.Look(Service()).ask($0, of: Example.master) },
    "deploy": { host in
        let next = NextModelVersion(Service(models: Example.store))
        _ = try next.models(try await host.ask(next.questions, of: Example.master), from: "kubmaster")
    },
    "drift": { host in
        try await TemporaryDirectory.during { directory in
            try directory.write("rows.csv", "age\n41\n")
            try await DataDrift("rows.csv", limit: 1) { directory.path($0) }.run(
                Service(), on: Example.master, over: host, here: LocalTransport(), templates: Templates(),
                reporter: Silence())
        }
    },
    "jobs": { _ = try await ServiceJobs.ask(Service(), on: Example.master, over: $0, now: Date()) },
    "logs": { host in
        try await ServiceLogs(Service(), of: .online, tail: 1, isFollowed: false).run(
            on: Example.master, over: host, reporter: Silence())
    },
    "releases, rollback": { host in
        let answers = try await host.ask([RollbackPlan.question(Service())], of: Example.master)
        _ = try RollbackPlan.history(of: Example.cluster(), answers)
    },
    "scale": { _ = try await Scaling(Service(), to: 2).plan(on: Example.master, over: $0) },
    "smoke-test": { host in
        let look = RunningRelease.Look(Service())
        _ = try RunningRelease(
            Service(), host: "kubmaster", answers: try await host.ask(look.questions, of: Example.master))
    },
    "unlock": { host in
        let step = LeasesAreFree([Service()])
        // Any file: the machine has been a control plane.
        let machine = ReplacedPaths(["/etc/kubernetes/admin.conf": #filePath], on: host)
        let held = step.differences(given: try await machine.ask(step.questions, of: Example.master))
        if let refusal = step.refusal(of: held, on: Example.master) { throw refusal }
    },
]

@Suite("A look at the cluster")
struct KubectlLookTests {
    private static let expired =
        "Unable to connect to the server: x509: certificate has expired or is not yet valid: current time … is after …"

    /// A machine whose kubectl says this to standard error, and prints nothing.
    private func during(_ said: String, _ body: (LocalTransport) async throws -> Void) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("kubectl", "#!/bin/sh\necho '\(said)' >&2; exit 1\n", mode: 0o755)
            try await body(LocalTransport(programs: directory.path))
        }
    }

    @Test("that fails says why, whatever verb it was for", arguments: verbs.keys.sorted())
    func verb(_ name: String) async throws {
        let ask = try #require(verbs[name])
        for (said, fix) in [
            (Self.expired, "`kubeforge provision --renew-certificates` renews the control plane's certificates"),
            (
                "error: You must be logged in to the server (Unauthorized)",
                """
                the certificate of /etc/kubernetes/admin.conf on kubmaster is not accepted; if it has expired, \
                `kubeforge provision --renew-certificates` renews it
                """
            ),
            (
                "The connection to the server 10.77.0.11:6443 was refused",
                """
                see why: `sudo journalctl -u kubelet -n 50` on kubmaster; a bare machine needs `kubeforge provision` \
                first
                """
            ),
        ] {
            try await during(said) { host in
                let problem = await #expect(throws: Problem.self) { try await ask(host) }
                #expect(problem?.what == "kubmaster: the cluster's API does not answer")
                #expect(problem?.why == said)
                #expect(problem?.fix == fix)
            }
        }
    }

    @Test("that fails after others have been answered is no sign that nothing is deployed; an empty answer is one")
    func deployed() async throws {
        let (silent, none) = (
            "kubmaster: the cluster's API does not answer",
            "kubmaster: the cluster has no service inference in namespace mlops"
        )
        let deployment = "*' get deployment '*) printf '%s' \(Small.deployment.shellQuoted);;"
        for (verb, answered, what) in [
            ("drift", "*readyz*) echo ok;;", silent), ("smoke-test", "*readyz*) echo ok;;", silent),
            ("batch run, batch schedule, train", "*readyz*) echo ok;;", silent), ("smoke-test", deployment, silent),
            ("drift", "*) exit 0;;", none), ("smoke-test", "*) exit 0;;", none),
            ("batch run, batch schedule, train", "*) exit 0;;", none),
        ] {
            try await TemporaryDirectory.during { directory in
                let kubectl = "case \" $* \" in \(answered) *) echo 'etcdserver: request timed out' >&2; exit 1;; esac"
                try directory.write("kubectl", "#!/bin/sh\n\(kubectl)\n", mode: 0o755)
                let ask = try #require(verbs[verb])
                let problem = await #expect(throws: Problem.self) {
                    try await ask(LocalTransport(programs: directory.path))
                }
                #expect(problem?.what == what, "\(verb): \(answered)")
                #expect(what == none || problem?.why == "etcdserver: request timed out")
            }
        }
    }

    @Test("that fails is told with its reason by every step that asks for objects of the service")
    func steps() async throws {
        let (cluster, templates) = (Example.cluster(service: Service(nodePort: 30080)), try Templates())
        let record = ReleaseRecord.example("a", template: "old", at: "")
        let schedule = Schedule(name: nil, cron: try CronExpression("@daily"), input: .own)
        let steps: [any Step] = [
            ObjectsAreOurs.requirement(cluster), try #require(NodePortIsFree.requirement(cluster.service)),
            LastBuild(cluster.service).requirement(nil), OldRunsAreRemoved(cluster.service, .batch),
            RolloutIsComplete(Example.release, replicas: 2, namespace: "mlops"),
            ServiceIsReached.step("inference", namespace: "mlops", hasTLS: false, from: "kubmaster"),
            ReleaseIsRecorded(Example.release, template: "new", by: "ann@desk", namespace: "mlops"),
            RevisionIsRestored(record, of: "inference", namespace: "mlops"), ReplicasAre(2, of: cluster.service),
            SchedulesUseRelease(Example.release, models: nil, of: cluster, templates: templates),
            try ScheduleExists(schedule, of: cluster, release: .example, templates: templates),
            ScheduleIsGone("inference-batch", of: cluster), PullSecret(cluster),
        ]
        try await during(Self.expired) { host in
            for step in steps {
                let told = step.differences(given: try await host.ask(step.questions, of: Example.master)).map(\.text)
                #expect(told.count == 1 && told[0].hasSuffix(": \(Self.expired)"), "\(step.title): \(told)")
            }
        }
    }

    @Test("keeps warnings out of an answer, and what was printed before a failure in front of its reason")
    func warnings() async throws {
        try await TemporaryDirectory.during { directory in
            let look = Kubectl(namespace: "mlops").look("get", "pods")
            func answer(_ kubectl: String) async throws -> CommandState {
                try directory.write("kubectl", "#!/bin/sh\n\(kubectl)\n", mode: 0o755)
                return try await LocalTransport(programs: directory.path).ask([.command(look)], of: Example.master)
                    .command(look)
            }
            let warned = try await answer("echo 'Warning: v1beta1 is old' >&2; echo '{}'")
            #expect(warned == CommandState(text: "{}"))
            let failed = try await answer("printf '{'; echo 'no route' >&2; exit 7")
            #expect(failed == CommandState(exitCode: 7, text: "{\nno route"))
        }
    }

    @Test("that fails lets nothing be restored, and no release pass for the first one")
    func notKnown() async throws {
        try await during(Self.expired) { host in
            let machine = Machine(host: Example.master, transport: host)
            let step = RevisionIsRestored(
                .example("a", template: "old", at: ""), of: "inference", namespace: "mlops")
            let restored = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
            #expect(restored?.why == Self.expired)
            let gate = CanaryCheck(
                CanaryDeployment(release: Example.release),
                manifests: Manifests(files: [], template: "new", directory: "/nowhere"), namespace: "mlops",
                within: .zero)
            let passed = await #expect(throws: Problem.self) { try await gate.pass(on: machine) }
            #expect(passed?.why == Self.expired)
            let rollback = AutomaticRollback(release: Example.release, template: "new", namespace: "mlops", replicas: 2)
            let told = await rollback.after(Problem(what: "a", why: "b"), on: machine)
            #expect(
                told.why
                    == "b\nthe previous release could not be restored: kubmaster: the cluster's API does not answer"
            )
        }
    }
}
