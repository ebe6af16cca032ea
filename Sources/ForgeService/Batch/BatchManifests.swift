import ForgeCore
import ForgeInventory
import ForgeTemplates

/// `templates/kubernetes/batch` with the values of one run.
struct BatchManifests: Sendable {
    /// The pod that holds the rows.
    let coordinator: String
    private let run: BatchRun
    private let shard: Template
    private let store: ModelStorePatch

    init(_ run: BatchRun, templates: Templates) throws(Problem) {
        self.run = run
        shard = try templates[run.isIndexed ? "kubernetes/batch/shards.yaml" : "kubernetes/batch/shard.yaml"]
        store = try ModelStorePatch(run.models, of: run.service, image: run.image, templates: templates)
        coordinator = try templates["kubernetes/batch/coordinator.yaml"].render(
            Self.values(run, .coordinator, name: run.coordinator, command: Self.coordinator(run)))
        // A template that cannot be rendered shows before the cluster is asked for anything.
        _ = try shards(askingAt: "http://192.0.2.1:8081")
    }

    /// The Jobs that ask the coordinator at this address.
    func shards(askingAt address: String) throws(Problem) -> String {
        var documents: [String] = []
        for (number, name) in run.jobs.enumerated() {
            let own =
                ["python", "inference.py", "--coordinator", address] + (run.isIndexed ? [] : ["--shard", "\(number)"])
            let counts = ["shards": "\(run.shards)", "retries": "\(2 * run.shards)"]
            let values = Self.values(run, .batch, name: name, command: own).merging(store.values) { $1 }
            documents.append(try shard.render(run.isIndexed ? values.merging(counts) { $1 } : values))
        }
        return documents.joined(separator: "---\n")
    }

    /// It alone fetches from outside; the shards ask it.
    private static func coordinator(_ run: BatchRun) -> [String] {
        let (program, shards) = ("coordinator.py", ["--shards", "\(run.shards)"])
        return switch run.input {
        case .own: ["python", program] + shards + ["--own"]
        case .url:
            InputAddress.command(program, file: "/etc/coordinator/\(InputAddress.file)", shards).through(run.proxy)
        // It is sent to it when it runs.
        case .file: ["python", program] + shards
        }
    }

    private static func values(_ run: BatchRun, _ kind: JobKind, name: String, command: [String]) -> [String: String] {
        [
            "name": name.yamlQuoted, "namespace": run.service.namespace.yamlQuoted,
            "kind": kind.label(run.service).yamlQuoted,
            "run": run.name.yamlQuoted, "tag": Release.tag(of: run.image).yamlQuoted, "image": run.image.yamlQuoted,
            "command": command.yamlList, "pullSecret": run.pullSecret.yamlQuoted,
            "secret": run.coordinator.yamlQuoted,
        ]
    }
}

extension [String] {
    /// The command of a container with the proxy in its environment; the same command without one.
    func through(_ proxy: Proxy?) -> [String] { proxy.map { ["env"] + $0.assignments + self } ?? self }

    /// As a YAML flow sequence of quoted scalars.
    var yamlList: String { "[" + map(\.yamlQuoted).joined(separator: ", ") + "]" }
}
