import Foundation
import Testing

/// Models of every kind, as people bring them: each from `init` to `smoke-test`, one release after the other, and then
/// two at once. `make test-service`.
@Suite(
    "A model of one's own on a cluster", .serialized, .enabled(if: TestLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"),
    .lab("kubeforge-models", "10.92.0", ["kubmaster": "debian-13", "kubnode": "debian-13"], after: "provision"))
struct OwnModelTests {
    let lab: TestLab

    init() throws { lab = try #require(TestLab.current.get()) }

    @Test("goes from init to right answers", arguments: OwnModel.all)
    func way(model: OwnModel) async throws {
        let directory = try await make(model)
        let inventory = try inventory(model.kind, service: [])
        let set = try await lab.kubeforge(["init", "--model", directory] + model.options + ["--inventory", inventory])
        try #require(set.exitCode == 0, "\(set.everything)")
        let deploy = try await lab.kubeforge("deploy", inventory)
        try #require(deploy.exitCode == 0, "\(deploy.everything)")
        let smoke = try await lab.kubeforge("smoke-test", inventory)
        #expect(smoke.exitCode == 0, "\(smoke.everything)")
        let answer = try await lab.curl("http://\(lab.inventory.address(of: "kubnode")):30080/prediction/0").output
        for name in model.names { #expect(answer.contains("\"\(name)\":{\"\(model.answer)\":"), "\(answer)") }
    }

    @Test(
        "that another scikit-learn has saved is stopped with the version that it needs, and users keep the one before")
    func otherVersion() async throws {
        let directory = try await make(OwnModel(kind: "churn", options: [], names: []))
        let file = URL(filePath: directory).appending(path: "churn.joblib")
        var content = try Data(contentsOf: file)
        content.replaceSubrange(try #require(content.range(of: Data("1.9.1".utf8))), with: Data("1.8.9".utf8))
        try content.write(to: file)
        let inventory = try inventory("older", service: ["model: \(directory)", "target: churned"])
        let before = try await lab.curl("http://\(lab.inventory.address(of: "kubnode")):30080/prediction/0").output
        let deploy = try await lab.kubeforge("deploy", inventory)
        #expect(deploy.exitCode == 1)
        #expect(deploy.errors.contains("scikit-learn==1.8.9"), "\(deploy.everything)")
        let after = try await lab.curl("http://\(lab.inventory.address(of: "kubnode")):30080/prediction/0").output
        #expect(!before.isEmpty && after == before)
    }

    @Test("is served beside another one, with releases, rows and answers of its own")
    func twoAtOnce() async throws {
        let churn = try await make(OwnModel(kind: "parquet", names: []))
        let price = try await make(OwnModel(kind: "price", names: []))
        var both = lab.inventory
        both.hasDebianMirror = true
        both.services = [
            "{ name: churn, model: \(churn), target: churned, index: customer, nodePort: 30081 }",
            "{ name: price, model: \(price), target: price, nodePort: 30082 }",
        ]
        let inventory = lab.directory.appending(path: "both.yaml").path()
        try both.write(to: inventory)
        for verb in ["deploy", "smoke-test"] {
            let run = try await lab.kubeforge(verb, inventory)
            #expect(run.exitCode == 0, "\(run.everything)")
        }
        let node = "http://\(lab.inventory.address(of: "kubnode"))"
        #expect(try await lab.curl("\(node):30081/prediction/0").output.contains("\"churn\":{\"class\":"))
        #expect(try await lab.curl("\(node):30082/prediction/0").output.contains("\"price\":{\"value\":"))
        for name in ["churn", "price"] {
            let releases = try await lab.kubeforge(
                "releases", "--service", name, "--inventory", inventory, "--output", "json")
            #expect(releases.output.matches(of: #/"event":"release"/#).count == 1, "\(releases.everything)")
        }
        // Of one alone, with the types of its rows.
        let results = lab.directory("results-churn")
        let batch = try await lab.kubeforge(
            "batch", "run", inventory, "--service", "churn", "--input", churn + "/test.parquet", "--parquet", "--keep",
            "age", "--results", results.path())
        #expect(batch.exitCode == 0, "\(batch.everything)")
        let look =
            "import pandas, sys; t = pandas.read_parquet(sys.argv[1]); print(len(t), t.dtypes['age'].kind, *t.columns)"
        let table = try await Program(
            path: try await python(), arguments: ["-c", look, results.appending(path: "predictions.parquet").path()],
            environment: lab.environment
        ).run()
        #expect(table.output.hasPrefix("60 "), "\(table.everything)")
        #expect(table.output.contains(" customer ") && table.output.contains(" age"), "\(table.everything)")
    }

    /// A directory with a model and its rows, made by the packages that a person would have.
    private func make(_ model: OwnModel) async throws -> String {
        let directory = lab.directory("models-\(model.kind)").path()
        try? FileManager.default.removeItem(atPath: directory)
        let python = try await python()
        let program = TestLab.checkout.appending(path: "Tests/ServiceModels/make_models.py").path()
        let made = try await Program(
            path: python, arguments: [program, model.kind, directory], environment: lab.environment
        ).run()
        try #require(made.exitCode == 0, "\(made.everything)")
        return directory
    }

    /// Of a virtual environment of the lab's own.
    private func python() async throws -> String {
        let directory = lab.directory("python").path()
        let script = """
            set -e; [ -e "$0/done" ] || {
              python3 -m venv "$0"
              "$0/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes -r "$1"
              "$0/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: -r "$2"
              : > "$0/done"; }
            """
        let paths = ["templates/service/requirements.txt", "Tests/ServiceModels/requirements.txt"].map {
            TestLab.checkout.appending(path: $0).path()
        }
        let made = try await Program(
            path: "/bin/sh", arguments: ["-c", script, directory] + paths, environment: lab.environment
        ).run()
        try #require(made.exitCode == 0, "\(made.everything)")
        return directory + "/bin/python"
    }

    /// The lab's inventory with another service, and Debian's mirror for what a model's packages expect.
    private func inventory(_ name: String, service: [String]) throws -> String {
        var other = lab.inventory
        other.service = service
        other.hasDebianMirror = true
        let path = lab.directory.appending(path: "\(name).yaml").path()
        try other.write(to: path)
        return path
    }
}

/// What `Tests/ServiceModels/make_models.py` makes, and how it is served.
struct OwnModel: CustomTestStringConvertible {
    let kind: String
    /// What `init` is told of its rows.
    var options: [String] = []
    /// Of its models, as answers name them.
    var names: [String]
    /// The first key of an answer.
    var answer = "class"

    var testDescription: String { kind }

    static let all = [
        OwnModel(kind: "churn", options: ["--target", "churned", "--index", "customer"], names: ["churn"]),
        OwnModel(kind: "price", options: ["--target", "price"], names: ["price"], answer: "value"),
        OwnModel(kind: "boosters", options: ["--target", "kind"], names: ["leaves", "trees", "pickled", "unnamed"]),
        OwnModel(kind: "onnx", options: ["--target", "way"], names: ["single", "double", "plain", "each"]),
        OwnModel(kind: "skops", options: ["--target", "churned", "--index", "customer"], names: ["churn"]),
        OwnModel(kind: "own", options: ["--target", "up"], names: ["model"]),
    ]
}
