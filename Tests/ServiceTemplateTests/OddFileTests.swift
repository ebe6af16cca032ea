import Foundation
import Testing

/// The files are in Tests/ServiceModels/odd_files.py, each with what it is read as, or why it is refused.
@Suite("A file as people have it")
struct OddFileTests {
    @Test(
        """
        is read in one and the same way by the build, golden/, the service and batch inference, or refused with its \
        place
        """
    )
    func all() async throws {
        let directory = try TemporaryDirectory()
        let said = try await Python.shared.value.see("odd_files.py", directory.url.path)
        #expect(said == "253 files, 0 otherwise than expected\n")
    }

    @Test(
        "with classes of pandas, or True and False, is scored like any other",
        arguments: [["0.0", "1.0", "2.0"], ["True", "False", "True"]])
    func classes(names: [String]) async throws {
        let directory = try TemporaryDirectory()
        try ServiceFiles.copyExample(to: directory / "model")
        for (file, text) in [("train.csv", SmallData.train), ("test.csv", SmallData.test)] {
            let named = text.split(separator: "\n").map { line in
                guard let match = line.wholeMatch(of: /(\d+),(\d),(.+)/), let place = Int(match.2) else {
                    return "\(line)"
                }
                return "\(match.1),\(names[place]),\(match.3)"
            }
            try Data(named.joined(separator: "\n").utf8).write(to: directory / "model/\(file)")
        }
        let said = try await Python.shared.value.train(directory / "model", models: directory / "models")
        #expect(said.contains("\nmlp 1.000\n"), "\(said)")
    }

    @Test("with a line break in a name is served and predicted like any other")
    func lineBreak() async throws {
        let python = try await Python.shared.value
        let directory = try TemporaryDirectory()
        try ServiceFiles.copyExample(to: directory / "model")
        for (file, text) in [("train.csv", SmallData.train), ("test.csv", SmallData.test)] {
            try Data(text.replacing("x,y", with: "\"width\n(mm)\",y").utf8).write(to: directory / "model/\(file)")
        }
        _ = try python.train(directory / "model", models: directory / "models")
        let script = """
            import dataset, loading, metadata, pathlib, predictions, shards, sys
            directory = pathlib.Path(sys.argv[1])
            test, trained = dataset.read(directory / "model"), metadata.Trained(directory / "models")
            print(test.line(29), len(loading.load(trained).answers(test.rows)))
            pieces = shards.Shards(directory / "shards", 3, predictions.Form(trained))
            (directory / "input.csv").write_bytes((directory / "model/test.csv").read_bytes())
            pieces.take_input(directory / "input.csv", "input")
            print([pieces.slice(number)[:2] for number in range(3)])
            """
        let digest = try ServiceFiles.sha256(Data(contentsOf: directory / "model/test.csv"))
        #expect(
            try python.run("-c", script, directory.url.path) == """
                {'width\\n(mm)': -8.75, 'y': -9.25} 30
                input: 30 rows, sha256 \(digest)
                [(0, 3), (10, 13), (20, 23)]

                """)
    }
}
