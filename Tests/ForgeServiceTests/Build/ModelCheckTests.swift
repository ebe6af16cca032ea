import ForgeCore
import ForgeInventory
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

/// The reader of the service as it is seen from outside: it is run on this computer, with the directory and the
/// columns.
@Suite("Before anything is built, a model of one's own")
struct ModelCheckTests {
    /// A reader that says what it was asked in its notes, and what the environment says of everything else.
    private static let reader = """
        import json, sys
        assert "--directory" in sys.argv or "--train" in sys.argv
        print(json.dumps({"test": 40, "features": 3, "notes": [" ".join(sys.argv[1:])]}))
        """

    private func check(_ directory: TemporaryDirectory, _ service: Service, reader: String = reader) throws -> DataCheck
    {
        try directory.write("templates/service/first_look.py", reader)
        try directory.write(
            "templates/service/requirements.txt",
            "# a\na==1.0 \\\n    --hash=sha256:00\nB_c==2\n# for models: d\nd==3\n")
        let cluster = Example.cluster(service: service)
        return try #require(try DataCheck(cluster: cluster, templates: Templates(overlay: directory.path("templates"))))
    }

    @Test("is looked at where it lies, with the columns that the inventory names")
    func isAsked() async throws {
        try await TemporaryDirectory.during { directory in
            let service = Service(model: directory.path("my churn"), target: "has churned", index: "id")
            let notes = try await check(directory, service).notes(on: LocalTransport())
            let directories = "--directory \(directory.path("my churn")) --pins a==1.0 B_c==2"
            #expect(notes == ["\(directories) --target has churned --index id --json"])
            let data = Service(trainingData: .init(train: "/a.csv", test: "/b.csv"))
            #expect(
                try await check(directory, data).notes(on: LocalTransport()) == [
                    "--train /a.csv --test /b.csv --json"
                ])
        }
    }

    @Test("is refused in the reader's own words")
    func isRefused() async throws {
        try await TemporaryDirectory.during { directory in
            let reader =
                "import json\n# \"--directory\"\nprint(json.dumps({'refused': 'test.csv:3, column 2 (age): …'}))"
            let error = await #expect(throws: Problem.self) {
                try await check(directory, Service(model: "/churn"), reader: reader).notes(on: LocalTransport())
            }
            #expect(
                error?.description == """
                    the model in /churn cannot be served
                      why  test.csv:3, column 2 (age): …
                      fix  correct the file, or name another directory: service: model: in inventory/lab.yaml
                    """)
        }
    }

    @Test("is refused for a push by its name there, in the same words")
    func isPushed() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "templates/service/first_look.py",
                "import json\n# \"--directory\"\nprint(json.dumps({'refused': 'test.csv:3, column 2 (age): …'}))")
            let check = try DataCheck(
                pushing: "/home/ann/churn", as: "../churn", to: Example.cluster(),
                templates: Templates(overlay: directory.path("templates")))
            let error = await #expect(throws: Problem.self) { try await check.look(on: LocalTransport()) }
            #expect(error?.kind == .usage)
            #expect(
                error?.description == """
                    the model in ../churn cannot be served
                      why  test.csv:3, column 2 (age): …
                      fix  correct what it names: nothing was sent
                    """)
            #expect(
                try check.read(nil) == [
                    "../churn is checked in its pod: this computer has no Python 3.8 or later"
                ])
        }
    }

    @Test("needs a pod with room for what the files hold and for what they become")
    func memory() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/churn.joblib", String(repeating: "x", count: 3 << 20))
            let service = Service(model: directory.path("churn"), resources: .init(memory: 256 << 20))
            let check = try check(directory, service)
            func said(_ rows: Int, _ models: String) -> Output {
                Output(#"{"test": \#(rows), "features": 100, "notes": ["n"], "models": [\#(models)]}"#)
            }
            let model = #"{"name": "churn", "file": "churn.joblib", "format": "joblib"}"#
            #expect(try check.read(said(10, model)) == ["n"])
            let error = #expect(throws: Problem.self) {
                try check.read(said(10, Array(repeating: model, count: 20).joined(separator: ", ")))
            }
            #expect(error?.what == "a pod has too little memory for \(directory.path("churn"))")
            #expect(error?.why == "its models (63 MB) need about 320 MiB, and a pod may use 256Mi")
            #expect(error?.fix == "service: resources: memory: 512Mi in inventory/lab.yaml, or fewer rows")
            #expect(throws: Problem.self) { try check.read(said(1_000_000_000, model)) }
        }
    }

    @Test("needs exactly as much memory as its files are counted for")
    func exactly() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/churn.joblib", String(repeating: "x", count: 1000))
            func fits(_ said: String, _ memory: Int, files: Bool = false) throws -> Bool {
                let resources = Service.Resources(memory: memory)
                let data = Service(trainingData: .init(train: "/a.csv", test: "/b.csv"), resources: resources)
                let model = Service(model: directory.path("churn"), resources: resources)
                let check = try check(directory, files ? data : model)
                do throws(Problem) {
                    _ = try check.read(Output(said))
                    return true
                } catch { return false }
            }
            // Python with the libraries; ten rows of truth; their numbers, and the one of two files that is there.
            let model = #"{"name": "m", "file": "churn.joblib"}, {"name": "n", "file": "gone.joblib"}"#
            for (said, needed) in [
                (#"{"notes": []}"#, 209_715_200), (#"{"test": 10, "notes": []}"#, 209_718_200),
                (#"{"test": 10, "features": 100, "models": [\#(model)]}"#, 209_729_200),
            ] {
                #expect(try fits(said, needed), "\(said)")
                #expect(try !fits(said, needed - 1), "\(said)")
            }
            #expect(try fits(#"{"notes": []}"#, 209_715_200, files: true))
            #expect(try !fits(#"{"notes": []}"#, 209_715_199, files: true))
        }
    }

    @Test(
        "is told by what takes the memory: its models, its rows, or both",
        arguments: [
            (1_048_576, 10, 3, "its 10 rows of 3 features need about 202 MiB"),
            (1_048_577, 10, 3, "its models (1.0 MB) need about 202 MiB"),
            (1_048_577, 1000, 100, "its models (1.0 MB) need about 203 MiB"),
            (1_048_577, 11, 9091, "its models (1.0 MB) and its 11 rows of 9091 features need about 202 MiB"),
        ])
    func told(bytes: Int, rows: Int, features: Int, why: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/churn.joblib", String(repeating: "x", count: bytes))
            let service = Service(model: directory.path("churn"), resources: .init(memory: 64 << 20))
            let check = try check(directory, service)
            let model = #"{"name": "churn", "file": "churn.joblib"}"#
            let said = #"{"test": \#(rows), "features": \#(features), "models": [\#(model)]}"#
            let problem = #expect(throws: Problem.self) { try check.read(Output(said)) }
            #expect(problem?.why == why + ", and a pod may use 64Mi")
        }
    }

    @Test("is left to the build where this computer has no Python")
    func withoutPython() async throws {
        try await TemporaryDirectory.during { directory in
            let notes = try check(directory, Service(model: "/churn")).read(nil)
            #expect(
                notes == ["/churn is checked when the image is built: this computer has no Python 3.8 or later"])
        }
    }

    @Test("is described by the reader that the templates have, as it is run here")
    func realReader() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/train.py", "print(1)\n")
            let rows = "id,age,plan,active,churned\n7,41,pro,true,yes\n8,,free,false,no\n9,30,pro,true,no\n"
            for name in ["train.csv", "test.csv"] { try directory.write("churn/\(name)", rows) }
            func ask(target: String) async throws -> ModelReader.Answer {
                try await ModelReader(
                    .directory(directory.path("churn")), target: target, index: "id", templates: Templates()
                ).ask(LocalTransport())
            }
            guard case .description(let found) = try await ask(target: "churned") else {
                throw Problem(what: "it is not described")
            }
            #expect(found.columns.map(\.name) == ["age", "plan", "active"])
            #expect(found.columns.map(\.type) == ["integer", "text", "boolean"])
            #expect(found.columns.map(\.isOptional) == [true, false, false])
            #expect([found.target, found.index, found.task] == ["churned", "id", "classification"])
            #expect(found.rows == 3 && found.features == 3 && found.classes == 2 && found.trains)
            guard case .refused(let reason) = try await ask(target: "chruned") else {
                throw Problem(what: "it is not refused")
            }
            #expect(reason.contains("chruned"), "\(reason)")
        }
    }

    /// The templates' own requirements.txt says what the service runs on.
    @Test("is refused where its requirements.txt names another version of what the service itself runs on")
    func servicesOwn() async throws {
        try await TemporaryDirectory.during { directory in
            for name in ["train.csv", "test.csv"] { try directory.write("churn/\(name)", "a,b\n1,2\n") }
            try directory.write("churn/train.py", "print(1)\n")
            let path = directory.path("churn")
            func end(_ requirements: String) async throws -> Problem? {
                try directory.write("churn/requirements.txt", requirements)
                do {
                    let service = Service(model: path, target: "b")
                    let cluster = Example.cluster(service: service)
                    _ = try await DataCheck(cluster: cluster, templates: Templates())?.notes(on: LocalTransport())
                    return nil
                } catch let problem as Problem { return problem }
            }
            let problem = try await end("joblib==1.2.0\nuvicorn==0.20.0\n")
            #expect(problem?.what == "the model in \(path) cannot be served")
            let pin = try Templates()["service/requirements.txt"].text.firstMatch(of: /\nuvicorn==([0-9.]+)/)
            let version = try #require(pin).1
            #expect(
                problem?.why == """
                    \(path)/requirements.txt:2: is uvicorn 0.20.0, but the service itself runs on uvicorn \(version): \
                    remove the line, or write uvicorn==\(version)
                    """)
            #expect(try await end("joblib==1.2.0\nuvicorn>=0.20\n") == nil)
        }
    }

    @Test("is described by names, types and the libraries of its files")
    func description() throws {
        let said = """
            {"test": 40, "features": 2, "notes": [], "target": "churned", "index": null, "task": "classification",
             "classes": 2, "data": {"test": {"sha256": "ab", "rows": 40}}, "trains": false,
             "expected": true, "requirements": false, "bytes": 9,
             "columns": [{"name": "age", "type": "integer", "optional": false, "example": 41},
                         {"name": "plan", "type": "text", "optional": true, "example": "pro"}],
             "models": [{"name": "churn", "file": "churn.joblib", "format": "joblib", "library": "scikit-learn",
                         "version": "1.4.2"}]}
            """
        let found = try #require(JSONValue(Array(said.utf8)).flatMap(ModelDescription.init))
        #expect(found.columns.map(\.name) == ["age", "plan"])
        #expect(found.columns.map(\.isOptional) == [false, true])
        #expect(found.columns.map(\.example) == [.number(41), .string("pro")])
        #expect([found.target, found.index, found.task] == ["churned", nil, "classification"])
        #expect(found.models.map(\.version) == ["1.4.2"])
        #expect(found.data == ["test": .init(rows: 40, sha256: "ab")])
        #expect([found.trains, found.hasExpected, found.hasRequirements] == [false, true, false])
        #expect(ModelDescription(.array([])) == nil)
    }
}
