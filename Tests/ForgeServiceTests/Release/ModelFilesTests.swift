import ForgeCore
import ForgeInventory
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The files of a model directory")
struct ModelFilesTests {
    private func files(_ folder: TemporaryFolder, limit: Int = ModelFiles.largest) throws -> [String: [UInt8]] {
        try ModelFiles(directory: folder.path("churn"), inventory: "lab.yaml", limit: limit).read()
    }

    @Test("are its regular files, without what Git, Python and editors leave")
    func leaves() async throws {
        try await TemporaryFolder.during { folder in
            let kept = ["churn.joblib", "test.csv", "own/steps.py", "own/deep/er.py"]
            let left = [
                ".git/config", ".venv/pyvenv.cfg", ".env", "__pycache__/a.py", "own/a.pyc", "own/.swp",
                "env/pyvenv.cfg",
                "env/lib/x.py",
            ]
            for name in kept + left { try folder.write("churn/" + name, name) }
            #expect(
                try files(folder).mapValues { String(decoding: $0, as: UTF8.self) }
                    == ["churn.joblib", "test.csv", "own/steps.py", "own/deep/er.py"].reduce(into: [:]) { $0[$1] = $1 })
        }
    }

    @Test("may be links within it, and a link that leads out of it is named")
    func links() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("churn/models/1.joblib", "1")
            try folder.write("secret", "s")
            try link(folder, "churn/churn.joblib", to: "models/1.joblib")
            try link(folder, "churn/again", to: "models")
            #expect(try files(folder).keys.sorted() == ["again/1.joblib", "churn.joblib", "models/1.joblib"])
            try link(folder, "churn/models/up", to: "../../churn")
            #expect(try problem(folder)?.why == "it is a link to a directory that contains it")
            try FileManager.default.removeItem(atPath: folder.path("churn/models/up"))
            try link(folder, "churn/key", to: "../secret")
            let out = try problem(folder)
            #expect(out?.kind == .invalidInventory)
            #expect(out?.what == "\(folder.path("churn/key")) cannot be part of an image")
            #expect(out?.why == "it is a link out of the directory, to \(folder.path("secret"))")
            #expect(
                out?.fix
                    == "copy its target into the directory: no other files of this computer become part of an "
                    + "image (service: model: in lab.yaml)")
            try FileManager.default.removeItem(atPath: folder.path("churn/key"))
            try link(folder, "churn/gone", to: "nothing")
            #expect(try problem(folder)?.why == "No such file or directory")
        }
    }

    @Test("are no pipes, which nobody waits for")
    func pipe() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("churn/test.csv", "a\n")
            try folder.pipe("churn/p")
            #expect(try problem(folder)?.what == "\(folder.path("churn/p")) cannot be part of an image")
            #expect(try problem(folder)?.why == "it is a pipe, a socket or a device, not a file")
        }
    }

    @Test("are not read when they are too many or too large, and the largest are named")
    func limit() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("churn/train.csv", String(repeating: "x", count: 3_000_000))
            try folder.write("churn/test.csv", String(repeating: "x", count: 2000))
            let problem = #expect(throws: Problem.self) { try files(folder, limit: 1 << 20) }
            #expect(problem?.what == "\(folder.path("churn")) cannot be part of an image")
            #expect(
                problem?.why == "it has 3.0 MB, and at most 1.0 MB are taken, because all of it passes through this "
                    + "computer's memory; the largest: train.csv (3.0 MB), test.csv (2 kB)")
        }
    }

    @Test("become the build context's, below model/, with the names of the columns as build arguments")
    func context() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("churn/churn.joblib", "m")
            try folder.write("templates/service/Dockerfile", "FROM scratch\n")
            let service = Service(model: folder.path("churn"), target: "has churned", index: "id")
            let context = try BuildContext.make(
                cluster: Example.cluster(service: service), templates: Templates(overlay: folder.path("templates")))
            #expect(context.files["model/churn.joblib"] == Array("m".utf8))
            #expect(!context.files.keys.contains { $0.hasPrefix("model/") && $0 != "model/churn.joblib" })
            #expect(context.arguments.suffix(2) == ["INDEX=id", "TARGET=has churned"])
        }
    }

    @Test("are the example's where the inventory names no model, and data of the user's take the place of its rows")
    func example() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("templates/example/train.py", "print(1)\n")
            try folder.write("templates/example/test.csv", "theirs\n")
            try folder.write("eeg/train.csv", "train\n")
            try folder.write("eeg/test.csv", "test\n")
            let templates = try Templates(overlay: folder.path("templates"))
            let plain = try BuildContext.make(cluster: Example.cluster(), templates: templates)
            #expect(plain.files["model/train.py"] == Array("print(1)\n".utf8))
            #expect(plain.files["model/test.csv"] == Array("theirs\n".utf8))
            #expect(!plain.arguments.contains { $0.hasPrefix("TARGET") || $0.hasPrefix("INDEX") })
            let service = Service(
                trainingData: .init(train: folder.path("eeg/train.csv"), test: folder.path("eeg/test.csv")))
            let own = try BuildContext.make(cluster: Example.cluster(service: service), templates: templates)
            #expect(own.files["model/train.py"] == Array("print(1)\n".utf8))
            #expect(own.files["model/train.csv"] == Array("train\n".utf8))
            #expect(own.files["model/test.csv"] == Array("test\n".utf8))
        }
    }

    private func problem(_ folder: TemporaryFolder) throws -> Problem? {
        #expect(throws: Problem.self) { try files(folder) }
    }

    private func link(_ folder: TemporaryFolder, _ name: String, to place: String) throws {
        try FileManager.default.createSymbolicLink(atPath: folder.path(name), withDestinationPath: place)
    }
}
