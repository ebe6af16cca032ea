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

    @Test("leaves nothing but its three files")
    func files() async throws {
        let models = try await Training.small.value.models
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: models.path).sorted() == [
                "golden.json", "lda.joblib", "mlp.joblib",
            ])
    }

    @Test("ends with the file and the line of bad data, without a stack of calls")
    func badData() throws {
        try SmallData.write(to: folder.url)
        try Data("Line,# Letter,x\n0,0,nan\n".utf8).write(to: folder / "train.csv")
        let end = try python.end(of: "train.py", "--data", folder.url.path, "--models", (folder / "models").path)
        #expect(end.status == 1)
        #expect(end.errors == "\(folder.url.path)/train.csv:2, column 3 (x): must be a finite number, is 'nan'\n")
        #expect(!FileManager.default.fileExists(atPath: (folder / "models").path))
    }
}
