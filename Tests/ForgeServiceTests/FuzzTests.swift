import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("Fuzz: what the cluster and the service say")
struct FuzzTests {
    private static let golden = """
        {"features": ["a", "Å"], "score": {"lda": 0.692, "mlp": 0.66}, "rows": [
        {"truth": {"number": 0, "letter": "A"}, "lda": {"number": 0, "letter": "A"}, "mlp": {"number": 1, "letter": "B"}},
        {"truth": {"number": 1, "letter": "B"}, "lda": {"number": 0, "letter": "A"}, "mlp": {"number": 1, "letter": "B"}}]}
        """
    private static let objects = """
        {"items": [
        {"kind": "Deployment", "metadata": {"name": "inference", "generation": 3, "annotations": {"deployment.kubernetes.io/revision": "4"}},
         "spec": {"replicas": 2, "template": {"metadata": {"annotations": {"kubeforge/template": "second"}}, "spec": {"containers":
         [{"name": "inference", "image": "10.77.0.11:5443/mlops/inference:0123456789abcdef", "ports": [{"containerPort": 8080}]}]}}},
         "status": {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 1,
         "conditions": [{"type": "ReplicaFailure", "status": "True", "message": "forbidden"}]}},
        {"kind": "ReplicaSet", "metadata": {"name": "inference-1", "annotations": {"deployment.kubernetes.io/revision": "4"}},
         "spec": {"template": {"metadata": {"annotations": {"kubeforge/template": "second"}}, "spec": {"containers": [{"image": "x"}]}}}},
        {"kind": "Pod", "metadata": {"name": "inference-1-a", "creationTimestamp": "2026-11-21T15:00:00Z", "ownerReferences": [{"kind": "ReplicaSet", "name": "inference-1"}]},
         "spec": {"nodeName": "kubnode", "containers": [{"name": "c", "image": "x", "ports": [{"containerPort": 8080}]}]},
         "status": {"phase": "Running", "podIP": "10.244.1.7", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses":
         [{"name": "c", "ready": false, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
         "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-21T15:00:00Z"}}}]}},
        {"kind": "Node", "metadata": {"name": "kubnode"}, "spec": {"unschedulable": true}, "status": {"conditions": [{"type": "DiskPressure", "status": "True"}]}},
        {"kind": "Job", "metadata": {"name": "inference-batch-1", "creationTimestamp": "2026-11-21T15:00:00Z"}, "spec": {"completions": 3, "parallelism": 3},
         "status": {"succeeded": 1, "failed": 1, "startTime": "2026-11-21T15:00:00Z", "conditions": [{"type": "Failed", "status": "True", "message": "x"}]}},
        {"kind": "CronJob", "metadata": {"name": "inference-batch-weekly"}, "spec": {"schedule": "0 3 * * 1", "jobTemplate": {"spec": {"template": {"spec":
         {"containers": [{"name": "c", "image": "x:0123456789abcdef", "command": ["python", "inference.py", "--input", "https://h/x.csv?t=1"]}]}}}}},
         "status": {"lastScheduleTime": "2026-11-21T15:00:00Z"}},
        {"kind": "ConfigMap", "metadata": {"name": "inference-releases"}, "data": {"2026-11-21T10:00:00Z": "{\\"image\\": \\"x\\", \\"template\\": \\"second\\"}"}},
        {"kind": "Event", "type": "Warning", "reason": "Failed", "message": "Failed to pull image", "count": 3, "involvedObject": {"name": "inference-1-a"},
         "metadata": {"name": "e"}, "lastTimestamp": "2026-11-21T15:00:00Z"}]}
        """
    private static let samples = [
        objects, golden, "deployed 0123456789abcdef\nused 0123456789abcdef\nimage fedcba9876543210\n",
        "{\"rows\": 45, \"score\": {\"lda\": 0.692}}",
        "{\"input\": {\"rows\": 45, \"sha256\": \"a\"}, \"shards\": 3, \"done\": [0, 1]}",
        "diff -u -N /tmp/LIVE/apps.v1.Deployment.mlops.inference /tmp/M\n-a\n+b\n",
        "4f4fb700ef54: Pushed\n4f4fb700ef55: Layer already exists\n", "kubmaster amd64\nkubnode arm64\n", "401",
        "curl: (7) failed\n000",
        "200 0.0123 2\n{}\n",
    ]

    private static func plans(_ cluster: Cluster) throws -> [Plan] {
        let templates = try Templates()
        let run = BatchRun(
            of: cluster, input: .own, shards: 3, release: DeployedRelease(image: Example.release.reference),
            time: "20261121-151732")
        let schedule = Schedule(name: nil, cron: try CronExpression("0 3 * * *"), input: .url("https://h/x.csv?t=2"))
        return [
            try ServicePlan.make(cluster: cluster, context: Example.context(), templates: templates, by: "ann@desk"),
            try BatchPlan.make(
                cluster: cluster, run: run, templates: templates, results: Folder(shown: "r", path: "/nowhere/r"),
                isFollowed: true),
            try TrainingPlan.make(
                cluster: cluster,
                run: TrainingRun(of: cluster, release: .example, time: "20261121-151732"),
                templates: templates,
                isFollowed: false
            ) { _ in },
            try SchedulePlan.make(
                schedule, cluster: cluster, release: DeployedRelease(image: Example.release.reference),
                templates: templates),
        ]
    }

    @Test("steps of deploy, batch, train and schedule", arguments: [Cluster.Runtime.containerd, .docker])
    func steps(runtime: Cluster.Runtime) throws {
        let plans = try Self.plans(Example.cluster(runtime: runtime))
        try Fuzz("steps of the service", samples: Self.samples).run { input in for plan in plans { input.judge(plan) } }
    }

    @Test("golden.json, and what is compared with it")
    func golden() throws {
        try Fuzz("golden.json", samples: [Self.golden]).run { input in
            _ = JSONValue(input.bytes)?.summary
            _ = JSONValue(input.bytes)?.description
            let golden = try ForgeService.ExpectedAnswers(input.bytes, path: "golden.json")
            var numbers = SeededNumbers(seed: 1)
            let rows = numbers.rows(5, below: golden.count, with: min(23, golden.count - 1))
            let features = Dictionary(rows.map { ($0, golden.features.map { _ in 1.5 }) }) { first, _ in first }
            let batches = ServiceRequest.batches(golden, rows: rows, features: features)
            let requests = ServiceRequest.all(golden, rows: rows, features: features, batches: batches)
            _ =
                TestRows(rows, of: "a").read(input.answers(to: TestRows(rows, of: "a").questions), for: golden)
                .complaint
            let answerChecks = requests.map {
                AnswerCheck(request: $0, reply: ServiceReply(status: 200, body: input.bytes, milliseconds: 1))
            }
            _ = (answerChecks.map(\.report), TrainingServingSkew(answerChecks)?.report)
            for model in ForgeService.ExpectedAnswers.models { _ = golden.confusion(of: model)?.accuracy }
        }
    }

    @Test("answers of the service")
    func replies() throws {
        let golden = try ForgeService.ExpectedAnswers(Array(Self.golden.utf8), path: "golden.json")
        let request = ServiceRequest.prediction(golden, 0)
        let script = RequestScript(requests: [("http://10.96.1.2:80", request), ("http://10.96.1.2:80", request)])
        let answer = "200 0.0123 45\n{\"line\":0,\"lda\":{\"number\":0,\"letter\":\"A\"}}  \n"
        try Fuzz("replies of the service", samples: [answer + answer, "0 0 9\nnot asked\n"]).run { input in
            for reply in script.replies(from: input.bytes) ?? [] {
                _ = AnswerCheck(request: request, reply: reply).report
            }
            _ = ScoreGate(minimum: 0.5).reports(ServiceReply(status: 200, body: input.bytes, milliseconds: 1))
        }
        let load = LoadScript(address: "http://h", rows: 3, load: Load(length: .seconds(1)))
        let sum =
            "seconds 10.1\nlongest 204.3\nbucket 350 1000\nbucket 400 3\nfailed status 503 2\nfailed curl 28 1 (timed out)\n"
        try Fuzz("sum of a load", samples: [sum]).run { input in
            guard let report = LoadSum.report(input.text, of: load, from: "m") else { return }
            _ = (report.percentile(95), report.throughput, LoadHistogram(report).most, report.failuresInWords)
            _ = LoadGate(maximumP95: .seconds(1)).checks(report)
        }
    }

    @Test("objects of the cluster")
    func objects() throws {
        let service = Service()
        try Fuzz("objects of the cluster", samples: [Self.objects]).run { input in
            let (objects, events) = (ClusterObject.list(input.text), ClusterEvent.list(input.text))
            _ = ClusterObject.one(input.text)
            let diagnosis = RolloutDiagnosis(
                state: RolloutState(objects), events: events, logs: PodLogs(input.text).byPod,
                nodes: objects.filter { $0.kind == "Node" })
            _ = diagnosis.causes
            _ = RolloutState(objects).differences(from: Example.release, of: "inference", replicas: 2)
            _ = ServicePod.list(input.text)
            for job in JobObject.list(input.text) ?? [] { _ = (job.input, job.lastRun, job.isAtWork, job.release) }
            let history = ReleaseHistory(input.text, of: service.name)
            _ = (history.table, history.past)
            for object in objects { _ = ModelVersion(object.spec?.template?.spec) }
        }
    }

    @Test("leases, and who holds them")
    func leases() throws {
        let lease = #"""
            {"items":[{"metadata":{"name":"kubeforge-inference","namespace":"mlops","resourceVersion":"7"},"spec":{"holderIdentity":
            "0123456789abcdef anna@laptop 0123456789abcdef 4711 2026-11-21T09:12:03Z deploy","leaseDurationSeconds":60,
            "renewTime":"2026-11-21T09:12:03.000000Z","leaseTransitions":3}}]}
            """#
        let place = LeasePlace.cluster(Example.cluster())
        let holder = Holder(
            run: "0123456789abcdef", person: "anna@laptop", computer: "0", processID: 1, since: "2026-11-21T09:12:03Z",
            command: "deploy")
        let step = LeasesAreFree(Service())
        try Fuzz("leases", samples: [lease, "1763723454\n" + lease.filter { $0 != "\n" }]).run { input in
            for lease in LeaseObject.list(input.text) ?? [] {
                _ = (lease.isFree(at: 1_763_723_454), lease.age(at: 0), lease.holder?.sentence)
                _ = LeaseObject.manifest(place, holder, seconds: 60, now: 1_763_723_454, replacing: lease)
            }
            _ = step.differences(given: input.answers(to: step.questions))
        }
    }

    @Test("what else machines and pods print")
    func lines() throws {
        try Fuzz(
            "lines of pods and machines",
            samples: Self.samples + ["[pod/inference-1/c] hello", "==> pod/a\nx\n", "lda 0.692\nmlp 0.66\n"]
        ).run { input in
            let text = input.text
            _ = (
                PodLogs(text), TrainingLog(text).scores, PushedLayers(printed: text).difference,
                RetentionPolicy.Found(printed: text)
            )
            _ = (
                BatchScores(json: input.bytes)?.sentence, CourierStatus(CommandState(text: text)),
                ReleaseRecord(json: text),
                CronTimes(text)
            )
            _ = ServiceLogs.split(OutputLine(stream: .standardOutput, text: text))
            _ = (
                InputFault.fault(in: text), InputFault.named(text, in: .own), CourierRefusal(text).reason,
                BatchInput.shown(text),
                Release(reference: text, name: "inference")
            )
            _ = text.split(whereSeparator: \.isNewline).map { BuildKitLine.told(String($0)) }
            let output = Output(standardOutput: input.bytes, standardError: input.bytes, exit: .code(1))
            _ = BuildFailure(release: Example.release, output: output, host: Example.master).problem
            _ = LoadFailure.inWords(curl: 7, text)
        }
    }
}
