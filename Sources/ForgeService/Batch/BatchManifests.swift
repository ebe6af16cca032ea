import ForgeCore
import ForgeInventory
import ForgeTemplates

/// `templates/kubernetes/jobs` with the values of one run.
struct BatchManifests: Sendable {
    /// The pod that holds the rows.
    let coordinator: String
    private let run: BatchRun
    private let shard: Template
    private let templates: Templates
    private let models: PodParts

    init(_ run: BatchRun, templates: Templates) throws(Problem) {
        self.run = run
        self.templates = templates
        shard = try templates[run.isIndexed ? "kubernetes/jobs/shards.yaml" : "kubernetes/jobs/shard.yaml"]
        models = try ModelStoreParts.download(run.models, of: run.service, image: run.image, templates: templates)
        let pod = JobPod(
            name: "coordinator", image: run.image, command: Self.coordinator(run), pullSecret: run.pullSecret,
            // Input and results.
            disk: "20Gi", port: 8081, parts: Self.token(run))
        coordinator = try templates["kubernetes/jobs/coordinator.yaml"].render(
            Self.values(run, .coordinator, name: run.coordinator, podSpec: pod.spec(templates, column: 2)))
        // A template that cannot be rendered shows before the cluster is asked for anything.
        _ = try shards(askingAt: "http://192.0.2.1:8081")
    }

    /// The Jobs that ask the coordinator at this address.
    func shards(askingAt address: String) throws(Problem) -> String {
        var documents: [String] = []
        for (number, name) in run.jobs.enumerated() {
            let command =
                ["python", "inference.py", "--coordinator", address] + (run.isIndexed ? [] : ["--shard", "\(number)"])
            let pod = JobPod(
                name: "inference", image: run.image, command: command, pullSecret: run.pullSecret,
                spread: [
                    ("app.kubernetes.io/name", JobKind.batch.label(run.service)),
                    ("app.kubernetes.io/instance", run.name),
                ], parts: Self.token(run) + models)
            let values = try Self.values(run, .batch, name: name, podSpec: pod.spec(templates, column: 6))
            let counts = ["shards": "\(run.shards)", "retries": "\(2 * run.shards)"]
            documents.append(try shard.render(run.isIndexed ? values.merging(counts) { $1 } : values))
        }
        return documents.joined(separator: "---\n")
    }

    /// What the coordinator wants to see of who asks it.
    private static func token(_ run: BatchRun) -> PodParts {
        let directory = "/etc/coordinator"
        return PodParts(
            variables: [.init(name: "COORDINATOR_TOKEN_FILE", value: directory + "/token")],
            mounts: [.init(volume: "coordinator", path: directory)], volumes: [.secret("coordinator", run.coordinator)])
    }

    /// It alone fetches from outside; the shards ask it.
    private static func coordinator(_ run: BatchRun) -> [String] {
        let (program, arguments) = ("coordinator.py", ["--shards", "\(run.shards)"] + run.output.arguments)
        return switch run.input {
        case .own: ["python", program] + arguments + ["--own"]
        case .url:
            InputAddress.command(program, file: "/etc/coordinator/\(InputAddress.file)", arguments).through(run.proxy)
        // It is sent to it when it runs.
        case .file: ["python", program] + arguments
        }
    }

    private static func values(_ run: BatchRun, _ kind: JobKind, name: String, podSpec: String) -> [String: String] {
        [
            "name": name.yamlQuoted, "namespace": run.service.namespace.yamlQuoted,
            "kind": kind.label(run.service).yamlQuoted, "run": run.name.yamlQuoted,
            "tag": Release.tag(of: run.image).yamlQuoted, "podSpec": podSpec,
        ]
    }
}

extension [String] {
    /// The command of a container with the proxy in its environment; the same command without one.
    func through(_ proxy: Proxy?) -> [String] { proxy.map { ["env"] + $0.assignments + self } ?? self }
}
