import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Synchronization

@testable import ForgeService

/// A cluster of two machines, as the lab has them.
enum Example {
    static let access = Host.Access(user: "ubuntu", keyPath: nil, knownHostsPath: "/k")
    static let master = Host(
        name: "kubmaster", address: IPv4Address("10.77.0.11")!, role: .controlPlane, isSchedulable: false,
        access: access)
    static let node = Host(
        name: "kubnode", address: IPv4Address("10.77.0.12")!, role: .worker, isSchedulable: true, access: access)

    static func cluster(
        runtime: Cluster.Runtime = .containerd, mirrors: Mirrors = Mirrors(), service: Service = Service()
    ) -> Cluster {
        Cluster(
            name: "lab", path: "inventory/lab.yaml", kubernetes: Version(1, 20, 2), runtime: runtime,
            hosts: [master, node],
            mirrors: mirrors,
            service: service)
    }

    static func context(_ api: String = "print('hello')\n") throws -> BuildContext {
        try BuildContext(
            files: ["Dockerfile": Array("FROM scratch\n".utf8), "api.py": Array(api.utf8)],
            arguments: ["BASE_IMAGE": "docker.io/library/python:3"])
    }

    static let release = Release(name: "inference", tag: "0123456789abcdef")

    static let store = ModelStore(url: "sftp://models@store:2222/srv/models", keyPath: "/k", knownHostsPath: "/h")
    static let version = "20261121T151732Z-0123456789abcdef"

    static func models(_ version: String? = version) -> ModelVersion { ModelVersion(url: store.url, version: version) }

    static func batchRun(
        _ input: BatchInput = .own, output: BatchOutput = BatchOutput(), shards: Int = 2,
        kubernetes: Version = Version(1, 20, 2), release: DeployedRelease = .example
    )
        -> BatchRun
    {
        var cluster = cluster()
        cluster.kubernetes = kubernetes
        return BatchRun(
            of: cluster, input: input, output: output, shards: shards, release: release,
            time: "20261121-151732")
    }

    /// Each of the commands answered, in the form in which a step reads answers.
    static func answers(_ commands: [String: CommandState]) -> Answers {
        Answers(Dictionary(uniqueKeysWithValues: commands.map { (.command($0.key), .command($0.value)) }))
    }
}

extension Release {
    /// In the registry of the example's cluster.
    init(name: String, tag: String) { self.init(name: name, tag: tag, registry: "10.77.0.11:5443/mlops") }
}

extension DeployedRelease {
    static let example = DeployedRelease(image: Example.release.reference)
}

/// A version of two files, as metadata.py describes it.
enum Signed {
    static let golden = SHA256.hex("golden")
    static let model = SHA256.hex("model")
    static let version = "20261121T151732Z-" + SHA256.hex(model + golden).prefix(32)
    static let metadata = Array(
        """
        {"version": "\(version)", "files": {"golden.json": {"sha256": "\(golden)", "bytes": 6},
         "churn.joblib": {"sha256": "\(model)", "bytes": 5}}}

        """.utf8)
}

extension Step {
    /// The differences when the step's only question, a command, ends like this.
    func differences(whenLookEnds exitCode: Int, _ text: String = "") -> [String] {
        guard case .command(let look)? = questions.last else { return ["asks no command"] }
        return differences(given: Example.answers([look: CommandState(exitCode: exitCode, text: text)])).map(\.text)
    }

    /// Its questions, as a person would type them.
    var looks: [String] {
        questions.map { question in
            switch question {
            case .file(let path): "file \(path)"
            case .command(let text): text
            default: "\(question)"
            }
        }
    }
}

extension Output {
    /// What a host prints when it is asked commands: a frame for each.
    init(answering states: CommandState...) {
        self.init(states.map { "\($0.exitCode) \($0.text.utf8.count)\n\($0.text)\n" }.joined())
    }
}

/// Counts calls from anywhere.
final class Counter: Sendable {
    private let count = Atomic(0)

    /// 1 the first time.
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
