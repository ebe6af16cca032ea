import ForgeCore
import ForgeInventory
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The files of a model directory")
struct ModelFilesTests {
    private func files(_ directory: TemporaryDirectory, limit: Int = ModelFiles.largest) throws -> [String: [UInt8]] {
        try ModelFiles(directory: directory.path("churn"), inventory: "lab.yaml", limit: limit).read()
    }

    @Test("are its regular files, without what Git, Python and editors leave")
    func leaves() async throws {
        try await TemporaryDirectory.during { directory in
            let kept = ["churn.joblib", "test.csv", "own/steps.py", "own/deep/er.py"]
            let left = [
                ".git/config", ".venv/pyvenv.cfg", ".env", "__pycache__/a.py", "own/a.pyc", "own/.swp",
                "env/pyvenv.cfg",
                "env/lib/x.py",
            ]
            for name in kept + left { try directory.write("churn/" + name, name) }
            #expect(
                try files(directory).mapValues { String(decoding: $0, as: UTF8.self) }
                    == ["churn.joblib", "test.csv", "own/steps.py", "own/deep/er.py"].reduce(into: [:]) { $0[$1] = $1 })
        }
    }

    @Test("may be links within it, and a link that leads out of it is named")
    func links() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/models/1.joblib", "1")
            try directory.write("secret", "s")
            try link(directory, "churn/churn.joblib", to: "models/1.joblib")
            try link(directory, "churn/again", to: "models")
            #expect(try files(directory).keys.sorted() == ["again/1.joblib", "churn.joblib", "models/1.joblib"])
            try link(directory, "churn/models/up", to: "../../churn")
            #expect(try problem(directory)?.why == "it is a link to a directory that contains it")
            try FileManager.default.removeItem(atPath: directory.path("churn/models/up"))
            try link(directory, "churn/key", to: "../secret")
            let out = try problem(directory)
            #expect(out?.kind == .invalidInventory)
            #expect(out?.what == "\(directory.path("churn/key")) cannot be part of an image")
            #expect(out?.why == "it is a link out of the directory, to \(directory.path("secret"))")
            #expect(
                out?.fix
                    == "copy its target into the directory: files outside the model directory are not copied into "
                    + "the image (service: model: in lab.yaml)")
            try FileManager.default.removeItem(atPath: directory.path("churn/key"))
            try link(directory, "churn/gone", to: "nothing")
            #expect(try problem(directory)?.why == "No such file or directory")
        }
    }

    @Test("are looked at in the order of their names, so that the same one is complained of each time")
    func order() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/test.csv", "a\n")
            for name in ["d", "a", "f", "c", "e", "b"] { try link(directory, "churn/\(name)", to: "nothing") }
            #expect(try problem(directory)?.what == "\(directory.path("churn/a")) cannot be part of an image")
        }
    }

    @Test("are no pipes, which nobody waits for")
    func pipe() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/test.csv", "a\n")
            try directory.pipe("churn/p")
            #expect(try problem(directory)?.what == "\(directory.path("churn/p")) cannot be part of an image")
            #expect(try problem(directory)?.why == "it is a pipe, a socket or a device, not a file")
        }
    }

    @Test("are not read when they are too many or too large, and the largest are named")
    func limit() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/train.csv", String(repeating: "x", count: 3_000_000))
            for (name, bytes) in [("test.csv", 2000), ("b.bin", 5000), ("c.bin", 1000), ("a.bin", 1000)] {
                try directory.write("churn/" + name, String(repeating: "x", count: bytes))
            }
            let problem = #expect(throws: Problem.self) { try files(directory, limit: 1 << 20) }
            #expect(problem?.what == "\(directory.path("churn")) cannot be part of an image")
            #expect(
                problem?.why == "it has 3.0 MB, and at most 1.0 MB are taken, because all of it passes through this "
                    + "computer's memory; the largest: train.csv (3.0 MB), b.bin (5 kB), test.csv (2 kB)")
            #expect(try files(directory, limit: 3_009_000).count == 5)
            let churn = directory.path("churn")
            #expect(try ModelFiles(directory: churn, inventory: "lab.yaml", most: 5).read().count == 5)
            let many = #expect(throws: Problem.self) {
                try ModelFiles(directory: churn, inventory: "lab.yaml", most: 4).read()
            }
            #expect(many?.why == "it has more than 4 files")
            let usual = ModelFiles(directory: churn)
            #expect(usual.limit == 4_294_967_296)
            #expect(usual.most == 20_000)
        }
    }

    @Test("become the build context's, below model/, with the names of the columns as build arguments")
    func context() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("churn/churn.joblib", "m")
            try directory.write("templates/service/Dockerfile", "FROM scratch\n")
            let service = Service(model: directory.path("churn"), target: "has churned", index: "id")
            let context = try BuildContext.make(
                cluster: Example.cluster(service: service), templates: Templates(overlay: directory.path("templates")))
            #expect(context.files["model/churn.joblib"] == Array("m".utf8))
            #expect(!context.files.keys.contains { $0.hasPrefix("model/") && $0 != "model/churn.joblib" })
            #expect(context.arguments.suffix(2) == ["INDEX=id", "TARGET=has churned"])
        }
    }

    @Test("are the example's where the inventory names no model, and data of the user's take the place of its rows")
    func example() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("templates/example/train.py", "print(1)\n")
            try directory.write("templates/example/test.csv", "theirs\n")
            try directory.write("eeg/train.csv", "train\n")
            try directory.write("eeg/test.csv", "test\n")
            let templates = try Templates(overlay: directory.path("templates"))
            let plain = try BuildContext.make(cluster: Example.cluster(), templates: templates)
            #expect(plain.files["model/train.py"] == Array("print(1)\n".utf8))
            #expect(plain.files["model/test.csv"] == Array("theirs\n".utf8))
            #expect(!plain.arguments.contains { $0.hasPrefix("TARGET") || $0.hasPrefix("INDEX") })
            let service = Service(
                trainingData: .init(train: directory.path("eeg/train.csv"), test: directory.path("eeg/test.csv")))
            let own = try BuildContext.make(cluster: Example.cluster(service: service), templates: templates)
            #expect(own.files["model/train.py"] == Array("print(1)\n".utf8))
            #expect(own.files["model/train.csv"] == Array("train\n".utf8))
            #expect(own.files["model/test.csv"] == Array("test\n".utf8))
        }
    }

    private func problem(_ directory: TemporaryDirectory) throws -> Problem? {
        #expect(throws: Problem.self) { try files(directory) }
    }

    private func link(_ directory: TemporaryDirectory, _ name: String, to place: String) throws {
        try FileManager.default.createSymbolicLink(atPath: directory.path(name), withDestinationPath: place)
    }
}
