import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeService

@Suite("A push")
struct PushTests {
    private func run(
        _ directory: TemporaryDirectory, _ store: ModelStore = Example.store, time: String = "20261121-151732"
    )
        throws -> TrainingRun
    {
        try directory.write("churn/churn.joblib", "a model")
        return TrainingRun(
            of: Example.cluster(service: Service(models: store)), release: .example,
            pushing: try PushedModel(directory.path("churn"), as: "churn"), time: time)
    }

    @Test("is a Job of the image that runs, which reads as it is applied")
    func manifest() async throws {
        try await TemporaryDirectory.during { directory in
            let manifest = try run(directory).manifest(Templates(), secret: "inference-store-01234567")
            try Golden("batch-with-store/push.yaml").expect(manifest)
            let job = try #require(try Yams.compose(yaml: manifest))
            #expect(job["spec"]?["backoffLimit"]?.int == 0)
            let spec = try #require(job["spec"]?["template"]?["spec"])
            #expect(spec["automountServiceAccountToken"]?.bool == false)
            #expect(spec["containers"]?[0]?["securityContext"]?["readOnlyRootFilesystem"]?.bool == true)
        }
    }

    @Test("waits for its directory, has it answered by the image's train.py, and uploads it; each only after the other")
    func command() async throws {
        try await TemporaryDirectory.during { directory in
            let signing = ModelStore.Signing(signersPath: "/s", keyPath: "/id")
            var signed = Example.store
            signed.signing = signing
            func said(_ run: TrainingRun, failing program: String = "", isOld: Bool = false) throws -> LocalProgram {
                let manifest = try run.manifest(Templates())
                let words = try #require(
                    try Yams.compose(yaml: manifest)?["spec"]?["template"]?["spec"]?["containers"]?[0]?["command"])
                let script = try #require(words.array().compactMap(\.string).last)
                try directory.write(
                    "bin/python", "#!/bin/sh\necho \"$*\"; [ \"$1\" != '\(program)' ]\n", mode: 0o755)
                try directory.write("app/train.py", "")
                if isOld {
                    try? FileManager.default.removeItem(atPath: directory.path("app/handover.py"))
                } else {
                    try directory.write("app/handover.py", "")
                }
                return try LocalProgram(
                    "sh", "-c", "cd \(directory.path("app")); export PATH=\(directory.path("bin")):$PATH; \(script)")
            }
            let steps = [
                "pushed.py --directory /tmp/model",
                "train.py --directory /tmp/model --data /tmp/data --models /models",
                "store.py upload --models /models --note /dev/termination-log",
            ]
            let lines = { (end: LocalProgram) in end.output.split(separator: "\n").map(String.init) }
            #expect(try lines(said(run(directory))) == steps)
            #expect(try lines(said(run(directory, signed))) == Array(steps.prefix(2)) + [steps[2] + " --signed 900"])
            #expect(try lines(said(run(directory), failing: "pushed.py")) == [steps[0]])
            #expect(try said(run(directory), failing: "train.py").exitCode != 0)
            #expect(try lines(said(run(directory), failing: "train.py")) == Array(steps.prefix(2)))
            let training = TrainingRun(
                of: Example.cluster(service: Service(models: signed)), release: .example, time: "1")
            #expect(
                try lines(said(training)) == [
                    "train.py --data data --models /models --cross-validate", steps[2] + " --signed 900",
                ])
            for run in [try run(directory), training] {
                let old = try said(run, isOld: true)
                #expect(old.exitCode != 0)
                #expect(
                    old.output == """
                        this image is from before models could be pushed or signed: 'kubeforge deploy' (without \
                        service: models: signers:) makes a new one

                        """)
            }
        }
    }

    @Test("comes after the Secret and before what it records, and has the training's place in the cluster")
    func plan() async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("file", "")
            let store = ModelStore(url: Example.store.url, keyPath: file, knownHostsPath: file)
            let run = try run(directory, store, time: "1")
            let plan = try TrainingPlan.make(
                cluster: Example.cluster(service: Service(models: store)), run: run, templates: Templates(),
                isFollowed: false
            ) { _ in }
            #expect(
                plan.stages.flatMap { $0.steps(for: "kubmaster") }.map(\.title) == [
                    "earlier trainings are cleaned up",
                    "model-store Secret for trainings is up to date",
                    "inference-push-1 has put the models into the store",
                    "the next deploy takes the models of inference-push-1",
                ])
            #expect(
                plan.stages.map(\.name) == [
                    "the cluster is free for a push", "the models are in the store", "the models are kept",
                ])
            #expect(TrainingRun.name(Service(), time: "1") == "inference-train-1")
            let service = Service(name: String(repeating: "a", count: 51))
            #expect(TrainingRun.name(service, isPush: true, time: "20261121-151732").count + 6 <= 63)
        }
    }

    @Test("takes files by the rules of an image, and fewer of them")
    func files() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/.env", "secret")
            try directory.write("churn/churn.joblib", "m")
            let pushed = try PushedModel(directory.path("churn"), as: "churn")
            #expect(try pushed.archive == TarArchive(["churn.joblib": [UInt8(ascii: "m")]]).bytes)
            try FileManager.default.createSymbolicLink(
                atPath: directory.path("churn/key"), withDestinationPath: "/etc/hostname")
            let problem = #expect(throws: Problem.self) { try PushedModel(directory.path("churn"), as: "churn") }
            #expect(problem?.kind == .usage)
            #expect(problem?.what == "\(directory.path("churn/key")) cannot be pushed")
            #expect(
                problem?.fix == "copy its target into the directory: files outside the model directory are not sent")
            try FileManager.default.removeItem(atPath: directory.path("churn/key"))
            // A hole: nothing of it is on the disk.
            let hole = open(directory.path("churn/churn.joblib"), O_WRONLY | O_CLOEXEC)
            #expect(PushedModel.largest == 1_000_000_000)
            #expect(ftruncate(hole, off_t(PushedModel.largest + 1)) == 0)
            close(hole)
            let large = #expect(throws: Problem.self) { try PushedModel(directory.path("churn"), as: "churn") }
            #expect(large?.why?.hasPrefix("it has 1.0 GB, and at most 1.0 GB are taken") == true, "\(large?.why ?? "")")
        }
    }
}

@Suite("Whether an image can serve a model of elsewhere")
struct PushCheckTests {
    private static let sum = String(repeating: "a", count: 64)

    /// What the reader says of a directory, and metadata.json of the image's models.
    private func differences(
        _ columns: String? = nil, data: String? = nil, models: String = "", target: String = "churned",
        expected: Bool = false
    ) throws -> [String] {
        let own = [column("age", "integer"), column("plan", "text", true)].joined(separator: ", ")
        let test = #"{"test": {"rows": 40, "sha256": "\#(Self.sum)"}}"#
        let said = """
            {"columns": [\(columns ?? own)], "target": "\(target)", "index": null, "data": \(data ?? test),
             "models": [\(models)], "expected": \(expected)}
            """
        let image = """
            {"schema": {"columns": [\(own)], "target": {"name": "churned"}, "index": null}, "data": \(test),
             "versions": {"scikit-learn": "1.7.2", "xgboost-cpu": "3.2.0"}}
            """
        let found = try #require(JSONValue(Array(said.utf8)).flatMap(ModelDescription.init))
        return PushCheck.differences(of: found, from: try #require(JSONValue(Array(image.utf8))))
    }

    private func column(_ name: String, _ type: String, _ isOptional: Bool = false) -> String {
        #"{"name": "\#(name)", "type": "\#(type)", "optional": \#(isOptional)}"#
    }

    private func model(_ file: String, _ library: String, _ version: String = "null") -> String {
        #"{"name": "m", "file": "\#(file)", "format": "joblib", "library": "\#(library)", "version": \#(version)}"#
    }

    @Test("is told before anything is sent: columns, rows and packages are those that it was built with")
    func same() throws {
        #expect(try differences() == [])
        #expect(try differences(models: model("a.joblib", "scikit-learn", "\"1.7.2\"")) == [])
        #expect(try differences(models: model("a.ubj", "xgboost")) == [])
    }

    @Test("and what is not is named, each by itself")
    func others() throws {
        #expect(
            try differences(
                "\(column("age", "number")), \(column("zip", "text", true))", target: "left") == [
                    "column plan is missing", "column age is number, but integer in the image",
                    "column zip is not one of the image's",
                    "the column with the truth is left, but churned in the image",
                ])
        #expect(
            try differences("\(column("age", "integer", true)), \(column("plan", "text"))") == [
                "column age has empty cells here, but none in the image",
                "column plan has empty cells in the image, but none here",
            ])
        let other = String(repeating: "b", count: 64)
        #expect(
            try differences(
                data: #"{"train": {"rows": 9, "sha256": "b"}, "test": {"rows": 41, "sha256": "\#(other)"}}"#) == [
                    "it has a train.csv, but the image has none",
                    "test.csv has other rows (41, sha256 bbbbbbbbbbbb…) than the image's (40, sha256 aaaaaaaaaaaa…)",
                ])
        #expect(try differences(data: "{}") == ["it has no test.csv, but the image has one of 40 rows"])
        #expect(
            try differences(models: model("a.txt", "lightgbm")) == [
                "a.txt needs lightgbm, which the image does not have"
            ])
        let saved = model("a.joblib", "scikit-learn", "\"1.4.2\"")
        #expect(
            try differences(models: saved) == ["a.joblib was saved by scikit-learn 1.4.2, but the image has 1.7.2"])
        #expect(try differences(models: saved, expected: true) == [])
    }

    @Test("is refused with the way that leads there; what no pod can be asked for is left to the push's own")
    func refused() throws {
        let check = PushCheck(Service())
        let found = try #require(
            JSONValue(Array(#"{"columns": [{"name": "age", "type": "text", "optional": false}]}"#.utf8))
                .flatMap(ModelDescription.init))
        func ask(_ state: CommandState) throws(Problem) {
            guard case .command(let look)? = check.questions.first else { throw Problem(what: "it asks nothing") }
            try check.check(found, Example.answers([look: state]), as: "../churn", inventory: "lab.yaml")
        }
        let image = #"{"schema": {"columns": [], "target": null, "index": null}}"#
        let problem = #expect(throws: Problem.self) { try ask(CommandState(text: image)) }
        #expect(
            problem?.description == """
                ../churn needs an image of its own
                  why  column age is not one of the image's
                  fix  service: model: ../churn in lab.yaml, and `kubeforge deploy`
                """)
        #expect(problem?.kind == .usage)
        #expect(throws: Never.self) { try ask(CommandState(exitCode: 1, text: image)) }
        #expect(throws: Never.self) { try ask(CommandState(exitCode: 1)) }
        #expect(throws: Never.self) { try ask(CommandState(text: "error: no pod")) }
        #expect(throws: Never.self) { try ask(CommandState(text: "{}")) }
    }

    @Test(
        "is told with the first eight of its reasons, and how many more there are",
        arguments: [(8, []), (9, ["1 more"]), (10, ["2 more"])] as [(Int, [String])])
    func manyReasons(count: Int, more: [String]) throws {
        let check = PushCheck(Service())
        let columns = (1...count).map { column("c\($0)", "text") }.joined(separator: ", ")
        let said = Array("{\"columns\": [\(columns)]}".utf8)
        let found = try #require(JSONValue(said).flatMap(ModelDescription.init))
        guard case .command(let look)? = check.questions.first else { throw Problem(what: "it asks nothing") }
        let image = CommandState(text: #"{"schema": {"columns": [], "target": null, "index": null}}"#)
        let problem = #expect(throws: Problem.self) {
            try check.check(found, Example.answers([look: image]), as: "churn", inventory: "lab.yaml")
        }
        let told = (1...8).map { "column c\($0) is not one of the image's" }
        #expect(problem?.why == (told + more).joined(separator: "\n"))
    }
}
