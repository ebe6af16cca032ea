import Foundation
import Testing

@Suite("At its start the service")
struct StartTests {
    let directory: TemporaryDirectory
    let models: URL
    let training: Training

    init() async throws {
        training = try await Training.small.value
        directory = try TemporaryDirectory()
        models = directory / "models"
        try FileManager.default.copyItem(at: training.models, to: models)
    }

    @Test("reads models and data once, and needs their files no more")
    func once() async throws {
        let service = try await RunningService(data: training.data, models: models)
        defer { service.stop() }
        try FileManager.default.removeItem(at: models)
        #expect(try await service.get("/readyz") == .init(200, #"{"status":"ok"}"#))
        let expected = #"{"line":7,\#(training.golden.rows[7].json)}"#
        #expect(try await service.get("/prediction/7") == .init(200, expected))
    }

    @Test("is alive but not ready when its answers differ from training")
    func wrongAnswer() async throws {
        let golden = models.appending(path: "golden.json")
        let text = try String(contentsOf: golden, encoding: .utf8)
        let right = #"{"line": 0, "truth": {"number": 0, "letter": "A"}, "lda": {"number": 0, "letter": "A"}"#
        let wrong = #"{"line": 0, "truth": {"number": 0, "letter": "A"}, "lda": {"number": 2, "letter": "C"}"#
        try #require(text.contains(right))
        try Data(text.replacing(right, with: wrong).utf8).write(to: golden)
        try await Training.describe(models)
        let service = try await RunningService(data: training.data, models: models)
        defer { service.stop() }
        let reason =
            "row 0: training answered {'lda': {'number': 2, 'letter': 'C'}, 'mlp': {'number': 0, 'letter': 'A'}}, "
            + "this service answers {'lda': {'number': 0, 'letter': 'A'}, 'mlp': {'number': 0, 'letter': 'A'}}"
        #expect(try await service.get("/readyz") == .init(503, #"{"error":"\#(reason)"}"#))
        #expect(try await service.get("/healthz") == .init(200, #"{"status":"ok"}"#))
    }

    @Test(
        "ends with a reason when a file of the training is missing",
        arguments: ["mlp.joblib", "golden.json", "metadata.json"])
    func missing(name: String) async throws {
        let file = models.appending(path: name)
        try FileManager.default.removeItem(at: file)
        try await expectEnd("\(file.path): cannot be read: No such file or directory")
    }

    @Test("ends with a reason when a model is cut off")
    func truncatedModel() async throws {
        let model = models.appending(path: "lda.joblib")
        let content = try Data(contentsOf: model)
        try content.prefix(1000).write(to: model)
        let (got, expected) = (try ServiceFiles.sha256(content.prefix(1000)), try ServiceFiles.sha256(content))
        try await expectEnd(
            "\(model.path): is cut off: has 1000 of \(content.count) bytes, sha256 \(got), "
                + "metadata.json of \(try version()) says \(expected)")
    }

    @Test("ends with a reason when one bit of a model is another")
    func tamperedModel() async throws {
        let model = models.appending(path: "mlp.joblib")
        let content = try Data(contentsOf: model)
        var other = content
        other[500] ^= 1
        try other.write(to: model)
        let (got, expected) = (try ServiceFiles.sha256(other), try ServiceFiles.sha256(content))
        try await expectEnd(
            "\(model.path): is not what was trained: sha256 \(got), metadata.json of \(try version()) says \(expected)")
    }

    @Test("ends with a reason when metadata.json says too little")
    func badMetadata() async throws {
        let file = models.appending(path: "metadata.json")
        try Data("{".utf8).write(to: file)
        try await expectEnd(
            "\(file.path): is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")
        let cases = [
            ("[]", "names no files: train again"),
            (#"{"files":{},"version":"../other"}"#, "has no version that could name a directory: train again"),
            (#"{"files":{},"version":"a"}"#, "does not say how long golden.json is: train again"),
            (
                #"{"files":{"golden.json":{"bytes":1,"sha256":"A"}},"version":"a"}"#,
                "has no sha256 of golden.json: train again"
            ),
        ]
        let script = """
            import dataset, metadata, pathlib, sys
            for text in sys.argv[2:]:
                pathlib.Path(sys.argv[1], metadata.NAME).write_text(text)
                try: metadata.Trained(pathlib.Path(sys.argv[1])).file("lda.joblib")
                except dataset.DataError as error: print(error)
            """
        let answers = try await Python.shared.value.answer(script, [models.path] + cases.map(\.0))
        #expect(answers.split(separator: "\n").map(String.init) == cases.map { "\(file.path): \($0.1)" })
    }

    private func version() throws -> String {
        let text = try String(contentsOf: models.appending(path: "metadata.json"), encoding: .utf8)
        return try String(#require(text.firstMatch(of: /"version": "([^"]+)"/)).1)
    }

    @Test("ends with a reason when models and test set do not belong together")
    func otherData() async throws {
        let data = directory / "data"
        try FileManager.default.copyItem(at: training.data, to: data)
        let described = try String(contentsOf: data.appending(path: "data.json"), encoding: .utf8)
        let digest = try ServiceFiles.sha256(Data(contentsOf: data.appending(path: "test.csv")))
        try #require(described.contains(digest))
        let other = described.replacing(digest, with: String(repeating: "0", count: 64))
        try Data(other.utf8).write(to: data.appending(path: "data.json"))
        try await expectEnd(
            "\(models.path)/golden.json: was made with a different test.csv: train again", data: data)
    }

    @Test("ends with a reason when the test set is not there")
    func noData() async throws {
        try await expectEnd(
            "\(directory.url.path)/data.json: cannot be read: No such file or directory", data: directory.url)
    }

    @Test("holds a large test set in little more than its numbers: 40,000 rows of 40 in 100 MB more than 30 rows of 2")
    func memory() async throws {
        try ServiceFiles.copyExample(to: directory / "wide/data")
        let script = """
            import pathlib, resource, subprocess, sys
            directory = pathlib.Path(sys.argv[1])
            def write(name, count):
                lines = ("%d,%d,%s\\n" % (row, row % 2, ",".join("%.4f" % ((row * 7919 + column * (1 + row % 2)) % 997 \
            / 7) for column in range(40))) for row in range(count))
                (directory / name).write_text("Line,# Letter," + ",".join(f"f{column}" for column in range(40)) + \
            "\\n" + "".join(lines))
            write("train.csv", 60); write("test.csv", 40000)
            subprocess.run([sys.executable, "train.py", "--directory", directory, "--data", directory, "--models", \
            directory.parent / "models"], check=True, capture_output=True)
            start = "import api, resource; api.create_app(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss \
            // 1024)"
            def peak(data, models): return int(subprocess.run([sys.executable, "-c", start], capture_output=True, \
            text=True, check=True,
                env={"DATA_DIR": str(data), "MODELS_DIR": str(models), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": \
            "1", "PYTHONDONTWRITEBYTECODE": "1"}).stdout)
            more = peak(directory, directory.parent / "models") - peak(sys.argv[2], sys.argv[3])
            print("fine" if more < 100 else f"{more} MB")
            """
        let python = try await Python.shared.value
        #expect(
            try python.run("-c", script, (directory / "wide/data").path, training.data.path, training.models.path)
                == "fine\n")
    }

    private func expectEnd(_ reason: String, data: URL? = nil) async throws {
        let failure = await #expect(throws: Failed.self) {
            try await RunningService(data: data ?? training.data, models: models).stop()
        }
        let log = failure?.description ?? ""
        #expect(log.contains("the service cannot start: \(reason)"), "\(log)")
        #expect(!log.contains("Traceback"), "\(log)")
    }
}
