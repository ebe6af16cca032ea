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
        let folder = try TemporaryFolder()
        let said = try await Python.shared.value.see("odd_files.py", folder.url.path)
        #expect(said == "131 files, 0 otherwise than expected\n")
    }

    @Test("with a line break in a name is served and predicted like any other")
    func lineBreak() async throws {
        let python = try await Python.shared.value
        let folder = try TemporaryFolder()
        try ServiceFiles.copyExample(to: folder / "model")
        for (file, text) in [("train.csv", SmallData.train), ("test.csv", SmallData.test)] {
            try Data(text.replacing("x,y", with: "\"width\n(mm)\",y").utf8).write(to: folder / "model/\(file)")
        }
        _ = try python.train(folder / "model", models: folder / "models")
        let script = """
            import dataset, metadata, models, pathlib, predictions, shards, sys
            folder = pathlib.Path(sys.argv[1])
            test, trained = dataset.read(folder / "model"), metadata.Trained(folder / "models")
            print(test.line(29), len(models.load(trained).answers(test.rows)))
            pieces = shards.Shards(folder / "shards", 3, predictions.Form(trained))
            (folder / "input.csv").write_bytes((folder / "model/test.csv").read_bytes())
            pieces.take_input(folder / "input.csv", "input")
            print([pieces.slice(number)[:2] for number in range(3)])
            """
        let digest = try ServiceFiles.sha256(Data(contentsOf: folder / "model/test.csv"))
        #expect(
            try python.run("-c", script, folder.url.path) == """
                {'width\\n(mm)': -8.75, 'y': -9.25} 30
                input: 30 rows, sha256 \(digest)
                [(0, 3), (10, 13), (20, 23)]

                """)
    }
}
