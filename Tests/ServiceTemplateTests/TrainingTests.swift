import Foundation
import Testing

@Suite("Training")
struct TrainingTests {
    let folder: TemporaryFolder
    let python: Python

    init() async throws {
        python = try await Python.shared.value
        folder = try TemporaryFolder()
    }

    @Test("takes data with any number of features and classes, and knows the right answers")
    func otherShape() async throws {
        let golden = try await Training.small.value.golden
        #expect(golden.classes == 3)
        #expect(golden.features == ["x", "y"])
        #expect(golden.score == ["lda": 1, "mlp": 1])
        #expect(golden.rows.map(\.line) == Array(0..<30))
        let letters = ["A", "B", "C"].enumerated().flatMap { number, letter in
            Array(repeating: Golden.Class(number: number, letter: letter), count: 10)
        }
        #expect(golden.rows.map(\.truth) == letters)
        #expect(golden.rows.map(\.lda) == letters)
        #expect(golden.rows.map(\.mlp) == letters)
    }

    @Test("writes the same golden.json, byte for byte, from the same data")
    func repeatable() async throws {
        try Data(SmallData.noise(rows: 40, seed: 1).utf8).write(to: folder / "train.csv")
        try Data(SmallData.noise(rows: 400, seed: 2).utf8).write(to: folder / "test.csv")
        let golden = try ["first", "second"].map { models in
            _ = try python.run("train.py", "--data", folder.url.path, "--models", (folder / models).path)
            return try Data(contentsOf: folder / "\(models)/golden.json")
        }
        #expect(golden[0] == golden[1])
    }

    @Test("names the classes by number when the alphabet is too short")
    func manyClasses() throws {
        let names = try python.run(
            "-c", "import dataset; print([dataset.letter(*k) for k in [(0, 26), (25, 26), (0, 27), (26, 27)]])")
        #expect(names == "['A', 'Z', '0', '26']\n")
    }

    @Test("leaves nothing but its four files")
    func files() async throws {
        let models = try await Training.small.value.models
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: models.path).sorted() == [
                "golden.json", "lda.joblib", "metadata.json", "mlp.joblib",
            ])
    }

    @Test("describes what it wrote: digests, data, versions, scores, and a name that can be a folder's")
    func metadata() async throws {
        let training = try await Training.small.value
        let described = try JSONDecoder().decode(
            Metadata.self, from: Data(contentsOf: training.models.appending(path: "metadata.json")))
        #expect(described.files.keys.sorted() == ["golden.json", "lda.joblib", "mlp.joblib"])
        for (name, file) in described.files {
            let content = try Data(contentsOf: training.models.appending(path: name))
            #expect(file.sha256 == (try ServiceFiles.sha256(content)), "\(name)")
            #expect(file.bytes == content.count, "\(name)")
        }
        for name in ["train", "test"] {
            let content = try Data(contentsOf: training.data.appending(path: "\(name).csv"))
            #expect(described.data[name]?.sha256 == (try ServiceFiles.sha256(content)), "\(name)")
            #expect(described.data[name]?.rows == 30, "\(name)")
        }
        #expect(described.versions.keys.sorted() == ["joblib", "numpy", "python", "scikit-learn"])
        #expect(described.score == ["lda": 1, "mlp": 1])
        #expect(described.created.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil, "\(described.created)")
        let time = described.created.filter { $0 != "-" && $0 != ":" }
        #expect(described.version.wholeMatch(of: /(\w+)-[0-9a-f]{32}/)?.1 == time[...], "\(described.version)")
    }

    private struct Metadata: Decodable {
        struct File: Decodable {
            let sha256: String
            let bytes: Int
        }
        struct Rows: Decodable {
            let sha256: String
            let rows: Int
        }
        let version, created: String
        let files: [String: File]
        let data: [String: Rows]
        let versions: [String: String]
        let score: [String: Double]
    }

    @Test("tells shapes, five folds of each model and the scores, when asked to")
    func crossValidation() async throws {
        let data = try await Training.small.value.data
        let said = try python.run(
            "train.py", "--data", data.path, "--models", (folder / "models").path, "--cross-validate")
        #expect(
            said.replacing(/version \w+-[0-9a-f]{32}/, with: "version NAME") == """
                train 30 × 2, test 30 × 2
                lda cross-validation 1.000 ± 0.000 (5 folds)
                mlp cross-validation 1.000 ± 0.000 (5 folds)
                lda 1.000
                mlp 1.000
                version NAME

                """)
    }

    @Test(
        "takes as many folds as the rarest class has rows, and none of a class with one row: what a deploy takes can be trained again",
        arguments: [
            (
                24, "note: 4 folds, not 5: class 2 has 4 rows, and each part needs one of each class",
                ["4 folds", "4 folds"]
            ),
            (21, "note: no cross-validation: class 2 has one row, and each part needs one of each class", []),
        ])
    func fewRows(rows: Int, note: String, folds: [String]) throws {
        let said = try trained(
            SmallData.train.split(separator: "\n").prefix(1 + rows).joined(separator: "\n") + "\n", SmallData.test)
        #expect(said.contains(note))
        #expect(
            said.compactMap { $0.firstMatch(of: /cross-validation .* \((\d folds)\)/).map { String($0.1) } } == folds)
        #expect(said.last?.hasPrefix("version ") == true)
    }

    @Test("tells what the numbers do not: the test is the training, features never change, a model did not converge")
    func notes() throws {
        var rows = SmallData.train.split(separator: "\n").map(String.init)
        rows = [rows[0] + ",z"] + rows.dropFirst().map { $0 + ",3" }
        let text = rows.joined(separator: "\n") + "\n"
        #expect(
            try trained(text, text).filter { $0.hasPrefix("note: ") } == [
                "note: test.csv has the rows of train.csv: scores tell how well models remember, not how well they do on new rows",
                "note: train.csv has 1 feature with the same value in every row: z",
            ])
        let script = """
            import dataset, pathlib, train
            data = dataset.read_pair(pathlib.Path("\(folder.url.path)"))[0]
            model = train.untrained()["mlp"]; model[-1].max_iter = 2
            train.fit("mlp", model, data)
            """
        let told = try python.run("-c", script)
        #expect(
            told
                == "note: mlp: Stochastic Optimizer: Maximum iterations (2) reached and the optimization hasn't converged yet.\n"
        )
    }

    @Test("ends with a model's own reason, without a stack of calls, when it cannot be trained")
    func cannotBeTrained() throws {
        let script = """
            import train
            class Model:
                def fit(self, *_): raise IndexError("index 0 is out of bounds")
            train.fit("lda", Model(), type("Data", (), {"rows": [], "truth": []}))
            """
        let end = try python.end(of: "-c", script)
        #expect(end.status == 1)
        #expect(end.errors == "lda cannot be trained on train.csv: IndexError: index 0 is out of bounds\n")
    }

    /// What train.py prints with these files.
    private func trained(_ train: String, _ test: String) throws -> [String] {
        try Data(train.utf8).write(to: folder / "train.csv")
        try Data(test.utf8).write(to: folder / "test.csv")
        let said = try python.run(
            "train.py", "--data", folder.url.path, "--models", (folder / "models").path, "--cross-validate")
        return said.split(separator: "\n").map(String.init)
    }

    @Test("ends with the file and the line of bad data, without a stack of calls")
    func badData() throws {
        try SmallData.write(to: folder.url)
        try Data("Line,# Letter,x\n0,0,nan\n".utf8).write(to: folder / "train.csv")
        let end = try python.end(of: "train.py", "--data", folder.url.path, "--models", (folder / "models").path)
        #expect(end.status == 1)
        #expect(
            end.errors
                == "\(folder.url.path)/train.csv:2, column 3 (x): must be a finite number, is 'nan': a missing value must be filled in, or its row left out\n"
        )
        #expect(!FileManager.default.fileExists(atPath: (folder / "models").path))
    }
}
