import ForgeCore
import ForgeInventory
import ForgeTemplates
import Testing
import Yams

@testable import ForgeService

@Suite("The manifests of batch and training")
struct BatchManifestsTests {
    /// Kubernetes 1.20 is the oldest, and from 1.24 on shards are numbered by the cluster.
    private static let versions = [Version(1, 20, 2), Version(1, 30, 4)]

    private func run(_ version: Version, _ input: BatchInput = .own, shards: Int = 2) -> BatchRun {
        Example.batchRun(input, shards: shards, kubernetes: version)
    }

    @Test("of a run read as they are applied", arguments: versions)
    func ofRun(version: Version) throws {
        let manifests = try BatchManifests(run(version), templates: Templates())
        let directory = "batch/\(version.major).\(version.minor)"
        try Golden("\(directory)/coordinator.yaml").expect(manifests.coordinator)
        try Golden("\(directory)/shards.yaml").expect(try manifests.shards(askingAt: "http://10.244.1.9:8081"))
    }

    @Test("of a schedule and a training read as they are applied", arguments: versions)
    func others(version: Version) throws {
        var cluster = Example.cluster()
        cluster.kubernetes = version
        let directory = "batch/\(version.major).\(version.minor)"
        let schedule = Schedule(
            name: "weekly", cron: try CronExpression("0 2 * * 0"), input: .url("https://data.example/rows.csv"),
            output: BatchOutput(keep: "customer,plan", isParquet: true))
        let text = try schedule.manifest(cluster, release: .example, templates: Templates())
        try Golden("\(directory)/schedule.yaml").expect(text)
        let training = TrainingRun(of: cluster, release: .example, time: "20261121-151732")
        try Golden("\(directory)/training.yaml").expect(try training.manifest(Templates()))
    }

    @Test("tell the coordinator where the rows come from")
    func sources() throws {
        func command(_ input: BatchInput) throws -> [String]? {
            let text = try BatchManifests(run(Version(1, 20, 2), input), templates: Templates()).coordinator
            return try Yams.compose(yaml: text)?["spec"]?["containers"]?[0]?["command"]?.array().compactMap(\.string)
        }
        #expect(try command(.own) == ["python", "coordinator.py", "--shards", "2", "--own"])
        let fetching = try #require(try command(.url("https://a/b?c=\"d\"")))
        #expect(fetching == InputAddress.command("coordinator.py", file: "/etc/coordinator/input", ["--shards", "2"]))
        #expect(try command(.file(path: "/a.csv", size: 1)) == ["python", "coordinator.py", "--shards", "2"])
    }

    @Test("tell the coordinator which columns are kept, and that Parquet is wanted")
    func outputs() throws {
        func command(_ input: BatchInput) throws -> [String]? {
            let run = Example.batchRun(input, output: BatchOutput(keep: "-a,\"b, c\"", isParquet: true))
            let text = try BatchManifests(run, templates: Templates()).coordinator
            return try Yams.compose(yaml: text)?["spec"]?["containers"]?[0]?["command"]?.array().compactMap(\.string)
        }
        let wanted = ["--shards", "2", "--keep=-a,\"b, c\"", "--parquet"]
        #expect(try command(.own) == ["python", "coordinator.py"] + wanted + ["--own"])
        #expect(
            try command(.url("https://a/b"))
                == InputAddress.command("coordinator.py", file: "/etc/coordinator/input", wanted))
    }

    @Test("give a run that is not split one plain Job", arguments: versions)
    func oneShard(version: Version) throws {
        let run = run(version, shards: 1)
        #expect(run.jobs == ["inference-batch-20261121-151732"])
        let text = try BatchManifests(run, templates: Templates()).shards(askingAt: "http://10.244.1.9:8081")
        let job = try #require(try Yams.compose(yaml: text))
        #expect(job["spec"]?["completionMode"] == nil)
        let command = job["spec"]?["template"]?["spec"]?["containers"]?[0]?["command"]?.array().compactMap(\.string)
        #expect(command == ["python", "inference.py", "--coordinator", "http://10.244.1.9:8081", "--shard", "0"])
    }

    @Test("number the shards in one Job from 1.24 on, where there are several")
    func indexed() {
        #expect(!run(Version(1, 23, 17)).isIndexed)
        #expect(run(Version(1, 24, 0)).isIndexed)
        #expect(run(Version(1, 24, 0)).jobs == ["inference-batch-20261121-151732"])
        #expect(!run(Version(1, 24, 0), shards: 1).isIndexed)
    }

    @Test(
        "never carry the label that the Service looks for, and fit the restricted Pod Security level",
        arguments: versions)
    func restricted(version: Version) throws {
        let manifests = try BatchManifests(run(version), templates: Templates())
        var cluster = Example.cluster()
        cluster.kubernetes = version
        let schedule = Schedule(name: nil, cron: try CronExpression("@daily"), input: .own)
        let texts = [
            manifests.coordinator, try manifests.shards(askingAt: "http://10.244.1.9:8081"),
            try schedule.manifest(cluster, release: .example, templates: Templates()),
            try TrainingRun(of: cluster, release: .example, time: "1").manifest(Templates()),
        ]
        for document in try texts.flatMap({ try Array(Yams.compose_all(yaml: $0)) }) {
            let job = document["spec"]?["jobTemplate"] ?? document
            let pod = job["spec"]?["template"] ?? job
            let spec = try #require(pod["spec"])
            #expect(pod["metadata"]?["labels"]?["app.kubernetes.io/name"]?.string?.hasPrefix("inference-") == true)
            #expect(spec["restartPolicy"]?.string == "Never")
            #expect(spec["automountServiceAccountToken"]?.bool == false)
            #expect(spec["securityContext"]?["runAsNonRoot"]?.bool == true)
            #expect(spec["securityContext"]?["seccompProfile"]?["type"]?.string == "RuntimeDefault")
            let container = try #require(spec["containers"]?[0])
            #expect(container["securityContext"]?["allowPrivilegeEscalation"]?.bool == false)
            #expect(container["securityContext"]?["readOnlyRootFilesystem"]?.bool == true)
            #expect(container["securityContext"]?["capabilities"]?["drop"]?[0]?.string == "ALL")
            #expect(container["resources"]?["limits"]?["memory"] != nil)
        }
    }

    @Test("have names that Kubernetes takes, also for a service with a long one")
    func longNames() {
        let service = Service(name: String(repeating: "a", count: 51))
        let run = BatchRun(
            of: Example.cluster(service: service), input: .own, shards: 100, release: DeployedRelease(image: "a:b"),
            time: "20261121-151732"
        )
        // A pod's name is its Job's and six characters more.
        #expect(run.jobs.allSatisfy { $0.count + 6 <= 63 })
        #expect(run.coordinator.count <= 63)
        #expect(Schedule.cronJob(String(repeating: "b", count: 17), of: service).count <= 52)
        #expect(JobKind.coordinator.label(service).count <= 63)
    }

    @Test("have other names than those of a service whose name begins alike")
    func alike() {
        func names(_ name: String) -> [String] {
            let service = Service(name: name)
            let run = BatchRun(
                of: Example.cluster(service: service), input: .own, shards: 2, release: DeployedRelease(image: "a:b"),
                time: "1")
            return run.jobs
                + [
                    run.coordinator, Schedule.cronJob("weekly", of: service), TrainingRun.name(service, time: "1"),
                    TrainingRun.name(service, isPush: true, time: "1"),
                ]
        }
        let (west, east) = (names("customer-churn-prediction-eu-west"), names("customer-churn-prediction-eu-east"))
        #expect(Set(west).intersection(east) == [])
        #expect(
            west == [
                "customer-churn-pred-d43b99d7-batch-1-0", "customer-churn-pred-d43b99d7-batch-1-1",
                "customer-churn-pred-d43b99d7-batch-1-coordinator", "customer-churn-pred-d43b99d7-batch-weekly",
                "customer-churn-pred-d43b99d7-train-1", "customer-churn-pred-d43b99d7-push-1",
            ])
        // One that is short enough is not changed.
        #expect(names("customer-churn-prediction-eu").last == "customer-churn-prediction-eu-push-1")
    }
}
