import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

/// pushed.py and what follows it, with an image whose models were trained on the small data.
@Suite("A model that is pushed")
struct PushedTests {
    let python: Python
    let directory: TemporaryDirectory
    let training: Training

    init() async throws {
        python = try await Python.shared.value
        directory = try TemporaryDirectory()
        training = try await Training.small.value
        try FileManager.default.createDirectory(at: directory / "image", withIntermediateDirectories: true)
        for (name, place) in [("model", training.data), ("models", training.models)] {
            try FileManager.default.createSymbolicLink(at: directory / "image/\(name)", withDestinationURL: place)
        }
        // Trained elsewhere: what the image's own train.py made, as two files.
        try FileManager.default.createDirectory(at: directory / "pushed", withIntermediateDirectories: true)
        for name in ["lda.joblib", "mlp.joblib"] {
            try FileManager.default.copyItem(
                at: training.models.appending(path: name), to: directory / "pushed/\(name)")
        }
        for name in ["labels.csv", "train.csv", "test.csv"] {
            try FileManager.default.copyItem(at: training.data.appending(path: name), to: directory / "pushed/\(name)")
        }
    }

    /// How pushed.py ends with an archive of the directory, or of what else tar is told to put into one.
    private func push(tar options: [String] = []) throws -> LocalProgram {
        let handover = directory / "handover"
        try FileManager.default.createDirectory(at: handover, withIntermediateDirectories: true)
        let archive = handover.appending(path: "directory").path
        let files = options.isEmpty ? try self.files(of: directory / "pushed") : options
        _ = try LocalProgram.succeeded(["tar", "-cf", archive, "-C", (directory / "pushed").path] + files)
        return try start(patience: "60")
    }

    private func files(of directory: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory.path).filter { path in
            (try? directory.appending(path: path).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
        }.sorted()
    }

    private func start(patience: String) throws -> LocalProgram {
        try? FileManager.default.removeItem(at: directory / "taken")
        return try LocalProgram.run(
            [
                python.executable, "pushed.py", "--directory", (directory / "taken").path, "--image",
                (directory / "image").path, "--patience", patience,
            ], in: ServiceFiles.sources, environment: ["HANDOVER_DIR": (directory / "handover").path])
    }

    private func write(_ name: String, _ text: String) throws { try directory.write("pushed/\(name)", text) }

    /// The scikit-learn that the image has.
    private func sklearn() throws -> String {
        try python.run("-c", "import importlib.metadata; print(importlib.metadata.version('scikit-learn'), end='')")
    }

    private let needs = "the model needs an image of its own: "
    private let cure = ": `kubeforge deploy` makes one, with the directory as service: model:\n"

    @Test("is taken in and answered by the image's train.py, and becomes a version that the image's pods use")
    func whole() async throws {
        let end = try push()
        #expect(end.status == 0, "\(end.errors)")
        #expect(end.output == "waiting for the model directory\nthe model directory fits the image\n")
        #expect(!FileManager.default.fileExists(atPath: (directory / "handover/directory").path))
        let said = try python.train(directory / "taken", models: directory / "models")
        #expect(said.contains("lda 1.000\nmlp 1.000\nversion "), "\(said)")
        #expect(try Golden(directory / "models/golden.json") == training.golden)
        // What a pod asks itself before it takes models of the store instead of its image's.
        let same = try python.run(
            "-c",
            """
            import json, sys
            one, other = (json.load(open(f"{directory}/metadata.json")) for directory in sys.argv[1:])
            print([one[name] == other[name] for name in ("data", "versions", "schema")])
            """, (directory / "models").path, training.models.path)
        #expect(same == "[True, True, True]\n")
    }

    @Test("is refused with all that its image would lack: columns, rows, packages and modules of one's own")
    func unfit() throws {
        try write("test.csv", SmallData.test.replacing("Line,# Letter,x,y", with: "Line,# Letter,x,z"))
        try write("train.csv", SmallData.train.replacing("Line,# Letter,x,y", with: "Line,# Letter,x,z"))
        let columns = try push()
        #expect(columns.status == 1)
        #expect(
            columns.errors.hasPrefix(
                needs + "column 'y' is missing; column 'z' is not one of the image's; train.csv has other rows (30, "),
            "\(columns.errors)")
        #expect(columns.errors.hasSuffix(cure))
        try write("test.csv", SmallData.test + "30,1,3,3\n")
        try FileManager.default.removeItem(at: directory / "pushed/train.csv")
        let rows = try push().errors
        #expect(
            rows.hasPrefix(
                needs + "it has no train.csv, but the image has one of 30 rows; test.csv has other rows (31, sha256 "),
            "\(rows)")
        try write("test.csv", SmallData.test)
        try write("train.csv", SmallData.train)
        try write("own/steps.py", "A = 1\n")
        try write(
            "requirements.txt",
            """
            # exact
            numpy
            scikit-learn==0.1 \\
                --hash=sha256:00
            catboost>=1; python_version < "3.0"
            nothing-like-it==1.0

            """)
        let modules = try push()
        let installed = try sklearn()
        #expect(
            modules.errors == needs + "the image has no own/steps.py; requirements.txt names scikit-learn 0.1, but the "
                + "image has \(installed); requirements.txt names nothing-like-it, which the image does not have" + cure
        )
    }

    @Test("brings modules that are the image's own, and a train.py, which no pod imports")
    func modules() throws {
        try write(
            "generate_data.py",
            String(contentsOf: ServiceFiles.example.appending(path: "generate_data.py"), encoding: .utf8))
        try write("train.py", "print('another')\n")
        #expect(try push().status == 0)
    }

    @Test("needs no library that the image lacks, nor another version of the one that saved it")
    func libraries() throws {
        try write("leaves.txt", "tree\nversion=v4\n")
        #expect(
            try push().errors == needs + "leaves.txt needs lightgbm, which the image does not have; leaves.txt needs "
                + "pandas, which the image does not have" + cure)
        try FileManager.default.removeItem(at: directory / "pushed/leaves.txt")
        let model = try Data(contentsOf: directory / "pushed/lda.joblib")
        let version = try sklearn()
        let other = String(version.dropLast()) + (version.last == "0" ? "1" : "0")
        var old = model
        while let place = old.range(of: Data(version.utf8)) { old.replaceSubrange(place, with: Data(other.utf8)) }
        try #require(old != model)
        try old.write(to: directory / "pushed/lda.joblib")
        #expect(
            try push().errors == needs + "lda.joblib was saved by scikit-learn \(other), but the image has \(version)"
                + cure)
    }

    @Test("is nothing but files of its own directory")
    func archive() throws {
        try directory.write("secret", "s")
        for (options, name) in [
            (["-P", "../secret"], "'../secret'"),
            (["-P", (directory / "secret").path], "'\((directory / "secret").path)'"),
        ] {
            let end = try push(tar: options)
            #expect(end.status == 1)
            #expect(end.errors == "the model cannot be used: \(name) is not a file of a model directory\n")
        }
        try FileManager.default.createSymbolicLink(
            atPath: (directory / "pushed/key").path, withDestinationPath: "/etc/hostname")
        #expect(try push(tar: ["key"]).errors == "the model cannot be used: 'key' is not a file of a model directory\n")
        try directory.write("handover/directory", "no archive")
        let none = try start(patience: "60")
        #expect(
            none.errors.hasPrefix("the model cannot be used: what arrived is not an archive of a model directory: "))
    }

    @Test("that does not come ends its pod")
    func nothing() throws {
        let end = try start(patience: "0")
        #expect(end.status == 1)
        #expect(
            end.errors
                == "the model cannot be used: the model directory did not arrive: nothing was received for 0 seconds\n")
    }

    @Test("is refused in the reader's words, with names of the directory alone")
    func unreadable() throws {
        try write("test.csv", "Line,# Letter,x,y\n0,1,2\n")
        let errors = try push().errors
        #expect(errors.hasPrefix("the model cannot be used: test.csv:2"), "\(errors)")
    }
}
