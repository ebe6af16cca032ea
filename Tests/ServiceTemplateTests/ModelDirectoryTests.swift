import Foundation
import Testing

/// Directories as people bring them, made by Tests/ServiceModels/make_models.py with the real libraries.
@Suite("A model directory")
struct ModelDirectoryTests {
    let directory: TemporaryDirectory
    let python: Python

    init() async throws {
        python = try await Python.everyKind.value
        directory = try TemporaryDirectory()
    }

    struct Kind: CustomTestStringConvertible {
        let name: String
        var target = ""
        var index = ""
        /// In the answers to row 0.
        let first: String
        var testDescription: String { name }

        static let all = [
            Kind(
                name: "churn", target: "churned", index: "customer",
                first: #""churn": \{"class": "no", "probability": 0\.97\d+\}"#),
            Kind(
                name: "skops", target: "churned", index: "customer",
                first: #""churn": \{"class": "no", "probability": 0\.97\d+\}"#),
            Kind(
                name: "packed", target: "churned", index: "customer",
                first: #""gzip": \{"class": "no", .*"xz": \{"class": "no", .*"zlib": \{"class": "no", .*"#),
            Kind(
                name: "parquet", target: "churned", index: "customer",
                first: #""churn": \{"class": "no", "probability": 0\.97\d+\}"#),
            Kind(name: "strict", target: "churned", first: #""strict": \{"class": "no", .*"#),
            Kind(name: "lookup", index: "customer", first: #""model": \{"value": 0\.0\}"#),
            Kind(name: "price", target: "price", first: #""price": \{"value": 2\.5\d+\}"#),
            Kind(
                name: "boosters", target: "kind",
                first: #""leaves": \{"class": 2, "word": "high"\}, "pickled": \{"class": 1, "word": "middle"\}, .*"#),
            Kind(
                name: "words", target: "churned", index: "customer",
                first: #""leaves": \{"class": "no", "probability": 0\.8\d+\}, "trees": \{"class": "no", .*"#),
            Kind(
                name: "early", target: "up",
                first: #""kind": \{"class": false, "probability": 0\.\d+\}, "size": \{"value": .*"#),
            Kind(
                name: "grades", target: "grade",
                first: #""alone": \{"class": 2\}, "leaves": \{"class": 3, "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "grades_named", target: "grade",
                first: #""alone": \{"class": 2, "word": "middle"\}, "leaves": \{"class": 3, "word": "high"\}, .*"#),
            Kind(
                name: "word_grades", target: "grade",
                first: #""alone": \{"class": "low"\}, "leaves": \{"class": "middle", "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "spaces", target: "price",
                first: #""leaves": \{"value": 2\.0\d+\}, "pickled": \{"value": 2\.0\d+\}\}"#),
            Kind(
                name: "linear", target: "up",
                first: #""kind": \{"class": false, "probability": 0\.6\d+\}, "lines": \{"value": -0\.02\d+\}\}"#),
            Kind(name: "digits", target: "price", first: #""trees": \{"value": -?\d\.\d+\}"#),
            Kind(
                name: "categories", target: "price",
                first: #""kept": \{"value": 1\.06\d+\}, "leaves": \{"value": 1\.06\d+\}, "pickled": .*"#),
            Kind(name: "values", target: "price", first: #""leaves": \{"value": 2\.0\d+\}, "trees": \{"value": .*"#),
            Kind(
                name: "onnx", target: "way", first: #""double": \{"class": "down", .*"single": \{"class": "down", .*"#),
            Kind(
                name: "onnx_labels", target: "kind",
                first: #""alone": \{"class": "high"\}, "layers": \{"class": "middle", "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "onnx_grades", target: "kind",
                first: #""alone": \{"class": 3\}, "layers": \{"class": 2, "probability": 0\.\d+\}, .*"#),
            Kind(
                name: "onnx_scores",
                first: #""clusters": \{"class": 1\}, "odd": \{"class": -1\}, "votes": \{"class": "c"\}\}"#),
            Kind(
                name: "onnx_logits", target: "kind",
                first: #""clusters": \{"class": 1\}, "network": \{"class": "(high|low|middle)"\}"#),
            Kind(
                name: "onnx_texts", target: "way",
                first: #""both": \{"class": "down", "probability": 0\.65\d+\}, "each": \{"class": "down", .*"#),
            Kind(name: "own", target: "up", first: #""model": \{"class": false, "probability": 0\.51\d+\}"#),
            Kind(name: "settings", target: "way", first: #""model": \{"class": "(up|down)"\}"#),
            Kind(
                name: "zero_or_one", target: "is_up",
                first: #""up": \{"accuracy": 0\.9\d+, "balanced_accuracy": 0\.\d+\}"#),
            Kind(
                name: "grades_written", target: "grade",
                first: #""texts": \{"class": "(01|1|2)", "probability": [01]\.\d+\}, "whole": \{"class": [12], .*"#),
            Kind(name: "single", first: #""price": \{"value": -?\d+\.\d+\}"#),
            Kind(name: "times", target: "at", first: #""seen": \{"r2": 0\.9\d+, "mae": \d\.\d+\}"#),
            Kind(name: "flags", target: "up", first: #""flags": \{"class": "(true|false)", "probability": 0\.\d+\}"#),
            Kind(name: "identifiers", target: "price", first: #""shops": \{"value": -?\d+\.\d+\}"#),
            Kind(name: "counts", target: "visits", first: #""visits": \{"value": \d+\.\d+\}"#),
            Kind(
                name: "shuffled", target: "churned",
                first: #""churn": \{"class": "(yes|no)", "probability": 0\.\d+\}"#),
            Kind(
                name: "padded", target: "churned", index: "customer",
                first: #""churn": \{"class": " no", "probability": 0\.\d+\}"#),
            Kind(
                name: "countries", target: "left", index: "customer",
                first: #""churn": \{"class": "NA", "probability": 0\.72\d+\}"#),
            Kind(name: "zip_words", target: "price", first: #""price": \{"value": -?\d\.\d+\}"#),
            Kind(name: "blanks", first: #""price": \{"value": -?\d+\.\d+\}"#),
            Kind(name: "codes", target: "price", first: #""codes": \{"value": 0\.48\d+\}"#),
            Kind(
                name: "logarithms", target: "up",
                first: #""kind": \{"class": false, "probability": 0\.53\d+\}, "size": \{"value": 1\.1\d+\}, .*"#),
            Kind(
                name: "searched", target: "price",
                first: #""leaves": \{"value": 2\.7\d+\}, "trees": \{"value": 1\.1\d+\}"#),
            Kind(name: "reviews", first: #""mood": \{"class": "up", "probability": 0\.9\d+\}"#),
            Kind(name: "unsigned", first: #""price": \{"value": -0\.02\d+\}"#),
            Kind(name: "yes_or_no", target: "gone", first: #""left": \{"class": 0, "probability": 0\.6\d+\}"#),
            Kind(name: "parts", first: #""fourth": \{"value": 0\.001\d+\}"#),
            Kind(name: "transformer", first: #""square": \{"value": 0\.035\d+\}"#),
            Kind(name: "namesakes", first: #""cube": \{"value": 0\.0067\d+\}"#),
        ]
    }

    @Test(
        "is served as its models answer where they come from: alone and together, rows by name and in order",
        arguments: Kind.all)
    func served(kind: Kind) throws {
        try make(kind.name)
        _ = try train(kind)
        let said = try python.see("agree.py", model.path, (directory / "data").path, (directory / "models").path)
        #expect(try said.contains(Regex(kind.first)), "\(said)")
    }

    var model: URL { directory / "model" }

    func make(_ kind: String) throws {
        try? FileManager.default.removeItem(at: model)
        _ = try python.see("make_models.py", kind, model.path)
    }

    func train(_ kind: Kind) throws -> String {
        let end = try trainingEnd(kind)
        if end.status != 0 { throw Failed(end.errors) }
        return end.output
    }

    func trainingEnd(_ kind: Kind) throws -> LocalProgram {
        try LocalProgram.run(
            [
                python.executable, "train.py", "--directory", model.path, "--data", (directory / "data").path,
                "--models",
                (directory / "models").path,
            ], in: ServiceFiles.sources, environment: kind.environment)
    }
}

extension ModelDirectoryTests.Kind {
    var environment: [String: String] { ["TARGET": target, "INDEX": index] }
}
