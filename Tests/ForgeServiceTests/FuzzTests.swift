import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

@Suite("Fuzz: what the cluster and the service say")
struct FuzzTests {
    private static let own = """
        {"models": ["churn", "price"], "tasks": {"price": "regression"}, "tolerance": {"price": 1e-4},
        "features": ["age", "plan"], "score": {"churn": 0.5}, "data": {"test": {"rows": 9}}, "rows": [
        {"truth": {"class": "yes"}, "churn": {"class": "yes", "probability": 0.9}, "price": {"value": 2.5}},
        {"truth": {"class": "no"}, "churn": {"class": true, "probability": 0.6}, "price": {"value": -1e300}}]}
        """
    private static let golden = """
        {"features": ["a", "Å"], "score": {"lda": 0.692, "mlp": 0.66}, "rows": [
        {"truth": {"number": 0, "letter": "A"}, "lda": {"number": 0, "letter": "A"}, "mlp": {"number": 1, "letter": \
        "B"}},
        {"truth": {"number": 1, "letter": "B"}, "lda": {"number": 0, "letter": "A"}, "mlp": {"number": 1, "letter": \
        "B"}}]}
        """
    private static let objects = """
        {"items": [
        {"kind": "Deployment", "metadata": {"name": "inference", "generation": 3, "annotations": \
        {"deployment.kubernetes.io/revision": "4"}},
         "spec": {"replicas": 2, "template": {"metadata": {"annotations": {"kubeforge.io/template": "second"}}, \
        "spec": {"containers":
         [{"name": "inference", "image": "10.77.0.11:5443/mlops/inference:0123456789abcdef", "ports": \
        [{"containerPort": 8080}]}]}}},
         "status": {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 1,
         "conditions": [{"type": "ReplicaFailure", "status": "True", "message": "forbidden"}]}},
        {"kind": "ReplicaSet", "metadata": {"name": "inference-1", "annotations": \
        {"deployment.kubernetes.io/revision": "4"}, "ownerReferences": [{"kind": "Deployment", "name": "inference"}]},
         "spec": {"template": {"metadata": {"annotations": {"kubeforge.io/template": "second"}}, "spec": \
        {"containers": [{"image": "x"}]}}}},
        {"kind": "Pod", "metadata": {"name": "inference-1-a", "creationTimestamp": "2026-11-21T15:00:00Z", \
        "ownerReferences": [{"kind": "ReplicaSet", "name": "inference-1"}]},
         "spec": {"nodeName": "kubnode", "containers": [{"name": "c", "image": "x", "ports": [{"containerPort": \
        8080}]}]},
         "status": {"phase": "Running", "podIP": "10.244.1.7", "conditions": [{"type": "Ready", "status": "True"}], \
        "containerStatuses":
         [{"name": "c", "ready": false, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff", \
        "message": "back-off"}},
         "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": \
        "2026-11-21T15:00:00Z"}}}]}},
        {"kind": "Node", "metadata": {"name": "kubnode"}, "spec": {"unschedulable": true}, "status": {"conditions": \
        [{"type": "DiskPressure", "status": "True"}]}},
        {"kind": "Job", "metadata": {"name": "inference-batch-1", "creationTimestamp": "2026-11-21T15:00:00Z"}, \
        "spec": {"completions": 3, "parallelism": 3},
         "status": {"succeeded": 1, "failed": 1, "startTime": "2026-11-21T15:00:00Z", "conditions": [{"type": \
        "Failed", "status": "True", "message": "x"}]}},
        {"kind": "CronJob", "metadata": {"name": "inference-batch-weekly"}, "spec": {"schedule": "0 3 * * 1", \
        "jobTemplate": {"spec": {"template": {"spec":
         {"containers": [{"name": "c", "image": "x:0123456789abcdef", "command": ["python", "inference.py", "--input", \
        "https://h/x.csv?t=1"], "env": [{"name": "MODEL_STORE", "value": "sftp://m@h/s"}, {"name": \
        "PREDICTIONS_DIRECTORY", "value": "predictions/w"}]}], "volumes": [{"name": "predictions", "secret": \
        {"secretName": "k"}}]}}}}},
         "status": {"lastScheduleTime": "2026-11-21T15:00:00Z"}},
        {"kind": "ConfigMap", "metadata": {"name": "inference-releases"}, "data": {"2026-11-21T10:00:00Z": \
        "{\\"image\\": \\"x\\", \\"template\\": \\"second\\", \\"at\\": \\"2026-11-21T10:00:00Z\\", \\"by\\": \
        \\"a@b\\"}"}}]}
        """
    private static let events = """
        {"items": [{"kind": "Event", "type": "Warning", "reason": "Failed", "message": "Failed to pull image", \
        "count": 3, "involvedObject": {"name": "inference-1-a"},
         "metadata": {"name": "e"}, "lastTimestamp": "2026-11-21T15:00:00Z"}]}
        """
    /// Real answers, and what some step says of each.
    private static let answers: [(String, String)] = [
        ("kubmaster amd64\nkubnode arm64\n", "kubnode is arm64"),
        ("Deployment inference helm\n", "Deployment mlops.inference was not made by kubeforge"),
        ("other.web 30080 30443\n", "port 30080 belongs to Service other.web"),
        ("401", "it does not accept kubeforge's password"),
        ("curl: (7) failed\n000", "it does not answer: curl: (7) failed"),
        ("nginx (process 9)", "5443/tcp is taken by nginx (process 9)"),
    ]

    private static let samples =
        answers.map(\.0) + [
            objects, golden, "{\"input\": {\"rows\": 45, \"sha256\": \"a\"}, \"shards\": 3, \"done\": [0, 1]}",
            "diff -u -N /tmp/LIVE/apps.v1.Deployment.mlops.inference /tmp/M\n-a\n+b\n", "200 0.0123 2\n{}\n",
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
                cluster: cluster, run: run, templates: templates, results: Directory(shown: "r", path: "/nowhere/r"),
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
        let plans = try Self.plans(Example.cluster(runtime: runtime, service: Service(nodePort: 30080)))
        try Fuzz("steps of the service", samples: Self.samples).run { input in
            plans.map { input.judge($0) }.contains(true)
        }
    }

    @Test("real answers are understood", arguments: answers)
    func understood(answer: String, words: String) throws {
        let plans = try Self.plans(Example.cluster(service: Service(nodePort: 30080)))
        let said = plans.flatMap { $0.says(of: answer) }
        #expect(said.contains { $0.contains(words) }, "no step says “\(words)” of \(answer)")
    }

    @Test("golden.json, and what is compared with it")
    func golden() throws {
        try Fuzz("golden.json", samples: [Self.golden, Self.own]).run { input in
            _ = JSONValue(input.bytes)?.summary
            _ = JSONValue(input.bytes)?.description
            let description = JSONValue(input.bytes).flatMap(ModelDescription.init)
            _ = (description, TestRow(input.text, count: 2)?.list)
            if let description, let image = JSONValue(input.bytes) {
                _ = PushCheck.differences(of: description, from: image)
            }
            _ = try? VersionDescription(input.bytes, of: "v", from: "m")
            let golden = try ForgeService.ExpectedAnswers(input.bytes, path: "golden.json")
            var numbers = SeededNumbers(seed: 1)
            let rows = numbers.rows(5, below: golden.count, with: min(23, golden.count - 1))
            let row = TestRow(
                "[\(golden.features.map { _ in "1.5" }.joined(separator: ","))]", count: golden.features.count)
            let features = Dictionary(rows.compactMap { number in row.map { (number, $0) } }) { first, _ in first }
            let batches = ServiceRequest.batches(golden, rows: rows, features: features)
            let requests = ServiceRequest.all(
                golden, rows: rows, features: features, batches: batches, isPrivate: false, needsToken: false)
            _ =
                TestRows(rows, of: "a").read(input.answers(to: TestRows(rows, of: "a").questions), for: golden)
                .complaint
            let answerChecks = requests.map {
                AnswerCheck(request: $0, reply: ServiceReply(status: 200, body: input.bytes, milliseconds: 1))
            }
            _ = (answerChecks.map(\.report), TrainingServingSkew(answerChecks)?.report)
            for model in golden.models { _ = golden.confusion(of: model)?.accuracy }
            return !answerChecks.isEmpty
        }
    }

    @Test("answers of the service")
    func replies() throws {
        let golden = try ForgeService.ExpectedAnswers(Array(Self.golden.utf8), path: "golden.json")
        let request = ServiceRequest.prediction(golden, 0)
        let script = RequestScript(requests: [("http://10.96.1.2:80", request), ("http://10.96.1.2:80", request)])
        let answer = "200 0.0123 44\n{\"line\":0,\"lda\":{\"number\":0,\"letter\":\"A\"}}  \n"
        try Fuzz("replies of the service", samples: [answer + answer, "0 0 9\nnot asked\n"]).run { input in
            let replies = script.replies(from: input.bytes) ?? []
            for reply in replies { _ = AnswerCheck(request: request, reply: reply).report }
            _ = ScoreGate(minimum: 0.5).reports(
                ServiceReply(status: 200, body: input.bytes, milliseconds: 1), of: ["lda"])
            return replies.count == 2
        }
        let load = LoadScript(address: "http://h", rows: 3, load: Load(length: .seconds(1)))
        let sum =
            """
            seconds 10.1\nlongest 204.3\nbucket 350 1000\nbucket 400 3\nfailed status 503 2\nfailed curl 28 1 (timed \
            out)\n
            """
        try Fuzz("sum of a load", samples: [sum]).run { input in
            guard let report = LoadSum.report(input.text, of: load, from: "m") else { return false }
            _ = (report.percentile(95), report.throughput, LoadHistogram(report).most, report.failuresInWords)
            _ = LoadGate(maximumP95: .seconds(1)).checks(report)
            return report.answered == 1003 && report.failed == 3
        }
    }

    @Test("a Secret with tokens")
    func secret() throws {
        let sample = "c29tZS10b2tlbi1vZi1vdXJzCm90aGVyCg==-\nLS0tLS1CRUdJTg==-\n"
        try Fuzz("a Secret's files", samples: [sample]).run { input in
            RunningAccess.credentials(input.text)?.token == "some-token-of-ours"
        }
    }

    @Test("objects of the cluster")
    func objects() throws {
        let service = Service()
        let warnings = ClusterEvent.list(Self.events)
        try Fuzz("objects of the cluster", samples: [Self.objects]).run { input in
            let objects = ClusterObject.list(input.text)
            _ = ClusterObject.one(input.text)
            let causes = Self.diagnosis(objects, warnings, PodLogs(input.text).byPod)
            _ = RolloutState(objects).differences(from: Example.release, of: "inference", replicas: 2)
            let jobs = JobObject.list(input.text) ?? []
            for job in jobs { _ = (job.input, job.lastRun, job.isAtWork, job.release) }
            let isKept = jobs.compactMap(\.predictions?.address) == ["sftp://m@h/s/predictions/w"]
            let history = ReleaseHistory(input.text, of: service.name)
            _ = (history.table, history.past)
            for object in objects { _ = ModelVersion(object.spec?.template?.spec) }
            return objects.count == 7 && causes > 0 && ServicePod.list(input.text).pods.count == 1 && jobs.count == 7
                && history.records.count == 1 && history.running == "second"
                && isKept
        }
        let objects = ClusterObject.list(Self.objects)
        try Fuzz("events of the cluster", samples: [Self.events]).run { input in
            let events = ClusterEvent.list(input.text)
            return Self.diagnosis(objects, events, [:]) > 0 && events.count == 1
        }
    }

    /// How many causes it finds.
    private static func diagnosis(_ objects: [ClusterObject], _ events: [ClusterEvent], _ logs: [String: [String]])
        -> Int
    {
        let diagnosis = RolloutDiagnosis(
            state: RolloutState(objects), events: events, logs: logs, nodes: objects.filter { $0.kind == "Node" })
        _ = diagnosis.problem(
            host: "m", release: Example.release, namespace: "mlops", ending: "failed", remaining: ["x"])
        return diagnosis.causes.count
    }

    @Test("leases, and who holds them")
    func leases() throws {
        let lease = #"""
            {"items":[{"metadata":{"name":"kubeforge-inference","namespace":"mlops","resourceVersion":"7"},"spec":{\#
            "holderIdentity":
            "0123456789abcdef anna@laptop 0123456789abcdef 4711 2026-11-21T09:12:03Z deploy","leaseDurationSeconds":60,
            "renewTime":"2026-11-21T09:12:03.000000Z","leaseTransitions":3}}]}
            """#
        let place = LeasePlace.cluster(Example.cluster())
        let holder = Holder(
            run: "0123456789abcdef", person: "anna@laptop", computer: "0", processID: 1, since: "2026-11-21T09:12:03Z",
            command: "deploy")
        let step = LeasesAreFree([Service()])
        try Fuzz("leases", samples: [lease, "1763723454\n" + lease.filter { $0 != "\n" }]).run { input in
            for lease in LeaseObject.list(input.text) ?? [] {
                _ = (lease.isFree(at: 1_763_723_454), lease.age(at: 0), lease.holder?.sentence)
                _ = LeaseObject.manifest(place, holder, seconds: 60, now: 1_763_723_454, replacing: lease)
            }
            let differences = step.differences(given: input.answers(to: step.questions))
            return differences.contains { $0.text.contains("anna@laptop") }
        }
    }

    /// Of each parser a line that it knows.
    private static let known: [(line: String, reads: @Sendable (String) -> Bool)] = [
        ("==> pod/a 1\nx\n", { PodLogs($0).byPod == ["a": ["x"]] }),
        (
            "Defaulted container \"api\"\nno route\ncommand terminated with exit code 1\n",
            { DeployedModelFiles.silence(CommandState(exitCode: 1, text: $0), about: "golden.json") == "no route" }
        ),
        ("Training on 45 rows\nlda 0.692\nmlp 0.66\n", { TrainingLog($0).scores == "lda 0.692, mlp 0.66" }),
        (
            "4f4fb700ef54: Pushed\n4f4fb700ef55: Layer already exists\n",
            { PushedLayers(printed: $0).difference == "1 of 2 layers were new to it" }
        ),
        (
            "deployed 0123456789abcdef\nused 0123456789abcdef\nimage fedcba9876543210\n",
            { RetentionPolicy.Found(printed: $0).present == ["fedcba9876543210"] }
        ),
        (
            "{\"rows\": 45, \"score\": {\"lda\": 0.692}}",
            { BatchScores(json: Array($0.utf8))?.sentence == "45 rows: lda 0.692" }
        ),
        (
            "{\"input\": {\"rows\": 45, \"sha256\": \"a\"}, \"shards\": 3, \"done\": [0, 1]}",
            { CourierStatus(CommandState(text: $0))?.done == [0, 1] }
        ),
        (
            "{\"image\": \"x\", \"template\": \"t\", \"at\": \"2026-11-21T15:20:00Z\", \"by\": \"a@b\"}",
            { ReleaseRecord(json: $0)?.by == "a@b" }
        ),
        ("0 3 * * 1", { CronTimes($0) != nil }),
        ("[pod/inference-1/c] hello", { ServiceLogs.split(OutputLine(stream: .standardOutput, text: $0)) != nil }),
        ("input:8, column 2 (# Letter): must be a class", { InputFault.fault(in: $0) != nil }),
        ("/data/input.csv:8, column 2: x", { InputFault.named($0, in: .own).hasPrefix("the image's own test data") }),
        ("waiting for the signature of 20261121T151732Z-0a", { Awaited($0) != nil }),
        ("{\"error\": \"too long\"}", { CourierRefusal($0).reason == "too long" }),
        ("https://a:b@h/x?token=1", { BatchInput.shown($0) == "https://h/x?•••" }),
        ("10.77.0.11:5443/mlops/inference:0123456789abcdef", { Release(reference: $0, name: "inference") != nil }),
        ("#12 5.123 E: no space", { BuildKitLine.told($0) == "E: no space" }),
    ]

    @Test("what else machines and pods print")
    func lines() throws {
        for (line, reads) in Self.known { #expect(reads(line), "its parser does not know \(line)") }
        try Fuzz("lines of pods and machines", samples: Self.known.map(\.line)).run { input in
            let text = input.text
            let output = Output(standardOutput: input.bytes, standardError: input.bytes, exit: .code(1))
            _ = BuildFailure(release: Example.release, output: output, host: Example.master).problem
            _ = LoadFailure.inWords(curl: 7, text)
            return Self.known.map { $0.reads(text) }.contains(true)
        }
    }
}
