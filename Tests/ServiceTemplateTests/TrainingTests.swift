import Foundation
import Testing

@Suite("Training")
struct TrainingTests {
    let directory: TemporaryDirectory
    let python: Python

    init() async throws {
        python = try await Python.shared.value
        directory = try TemporaryDirectory()
    }

    @Test("takes data with any number of features and classes, and knows the right answers")
    func otherShape() async throws {
        let golden = try await Training.small.value.golden
        #expect(golden.models == ["lda", "mlp"])
        #expect(golden.tasks == ["lda": "classification", "mlp": "classification"])
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
        let own = try modelDirectory(SmallData.noise(rows: 40, seed: 1), SmallData.noise(rows: 400, seed: 2))
        let golden = try ["first", "second"].map { models in
            _ = try python.train(own, models: directory / models)
            return try Data(contentsOf: directory / "\(models)/golden.json")
        }
        #expect(golden[0] == golden[1])
    }

    @Test("shows a class that labels.csv does not name as it is in the data, and says so")
    func unnamedClass() throws {
        let more = SmallData.train + "30,26,1,1\n31,26,2,2.5\n"
        let own = try modelDirectory(more, SmallData.test + "30,26,1,1\n")
        let said = try python.train(own, models: directory / "models")
        #expect(said.contains("note: labels.csv does not name class 26: shown as in the data\n"))
        let golden = try Golden(directory / "models/golden.json")
        #expect(golden.rows[0].truth.letter == "A")
        #expect(golden.rows[30].truth == .init(number: 26, letter: "26"))
    }

    @Test("leaves nothing but its four files")
    func files() async throws {
        let models = try await Training.small.value.models
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: models.path).sorted() == [
                "golden.json", "lda.joblib", "metadata.json", "mlp.joblib",
            ])
    }

    @Test("describes what it wrote: digests, data, versions, scores, and a name that can be a directory's")
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
        let said = try trained(SmallData.train, SmallData.test).joined(separator: "\n") + "\n"
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
        """
        takes as many folds as the rarest class has rows, and none of a class with one row: what a deploy takes can be \
        trained again
        """,
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
                """
                note: test.csv has the rows of train.csv: scores tell how well models remember, not how well they do \
                on new rows
                """,
                "note: train.csv has 1 feature with the same value in every row: z",
            ])
        let script = """
            import sys; sys.path.insert(0, sys.argv[1])
            import train
            model = train.untrained()["mlp"]; model[-1].max_iter = 2
            train.fit("mlp", model, *train.read(sys.argv[1] + "/train.csv", "# Letter", "Line"))
            """
        let told = try python.run("-c", script, (directory / "model").path)
        #expect(
            told
                == """
                note: mlp: Stochastic Optimizer: Maximum iterations (2) reached and the optimization hasn't \
                converged yet.\n
                """
        )
    }

    @Test("ends with a model's own reason, without a stack of calls, when it cannot be trained")
    func cannotBeTrained() throws {
        let script = """
            import sys; sys.path.insert(0, sys.argv[1])
            import train
            class Model:
                def fit(self, *_): raise IndexError("index 0 is out of bounds")
            train.fit("lda", Model(), [], [])
            """
        let end = try python.end(of: "-c", script, ServiceFiles.example.path)
        #expect(end.status == 1)
        #expect(end.errors == "lda cannot be trained on train.csv: IndexError: index 0 is out of bounds\n")
    }

    @Test("keeps what cross-validation measured beside the scores")
    func metrics() throws {
        _ = try trained(SmallData.train, SmallData.test)
        let said = try python.run(
            "-c",
            """
            import json, sys
            print(json.load(open(sys.argv[1]))["metrics"]["cross-validation"]["lda"])
            """, (directory / "models/metadata.json").path)
        #expect(said == "{'mean': 1.0, 'deviation': 0.0, 'folds': 5}\n")
    }

    /// The example's model directory with these files.
    private func modelDirectory(_ train: String, _ test: String) throws -> URL {
        try ServiceFiles.copyExample(to: directory / "model", train: train, test: test)
        return directory / "model"
    }

    /// What train.py prints with these files.
    private func trained(_ train: String, _ test: String) throws -> [String] {
        let said = try python.train(modelDirectory(train, test), models: directory / "models", "--cross-validate")
        return said.split(separator: "\n").map(String.init)
    }

    @Test("ends with the file and the line of bad data, without a stack of calls")
    func badData() throws {
        let cases = [
            (
                SmallData.train + "30,0,nan,1\n",
                """
                train.csv:32, column 3 (x): must be a finite number, is 'nan': these models take no other, and no \
                missing value\n
                """
            ),
            ("Line,# Letter,x,y\n0,0,1\n", "\(directory.url.path)/model/train.csv:2: has 3 columns, the header 4\n"),
        ]
        for (text, reason) in cases {
            let end = try python.trainingEnd(modelDirectory(text, SmallData.test), models: directory / "models")
            #expect(end.status == 1)
            #expect(end.errors == reason)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.url.path).contains("models") == false
                    || FileManager.default.contentsOfDirectory(atPath: (directory / "models").path).isEmpty)
        }
    }
}
