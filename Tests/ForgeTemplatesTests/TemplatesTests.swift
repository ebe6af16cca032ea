import ForgeCore
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@Suite("The templates")
struct TemplatesTests {
    private let source = URL(filePath: #filePath).appending(path: "../../../templates").standardized.path(
        percentEncoded: false)

    @Test("in the program are the files of templates/ and the lab's stand-ins, byte for byte")
    func areEmbedded() throws {
        let templates = try Templates()
        var sources = Dictionary(
            uniqueKeysWithValues: try files(below: source).map { ($0, "\(source)/\($0)") })
        let standIns = source + "/../Sources/LabStandIns"
        for path in try files(below: standIns) where path.hasSuffix("/main.go") {
            sources["lab/build/\(path.replacing("/main.go", with: ".go"))"] = "\(standIns)/\(path)"
        }
        #expect(templates.paths == sources.keys.sorted())
        for path in templates.paths {
            let file = try #require(sources[path])
            #expect(try Array(templates[path].text.utf8) == Array(Data(contentsOf: URL(filePath: file))), "\(path)")
        }
    }

    @Test("that are not there are told with those that are")
    func tellWhatIsThere() throws {
        let templates = try Templates()
        let problem = #expect(throws: Problem.self) { try templates["kubernetes/base/namespace.yml"] }
        #expect(problem?.what == "there is no template kubernetes/base/namespace.yml")
        #expect(problem?.fix == "the templates are: " + templates.paths.joined(separator: ", "))
    }

    @Test("of a directory are named from there")
    func haveDirectories() throws {
        let base = try Templates().directory("kubernetes/base")
        #expect(base["namespace.yaml"] == (try Templates()["kubernetes/base/namespace.yaml"].text))
        #expect(try Templates().directory("kubernetes/bas").isEmpty)
    }

    @Test("of an overlay replace those of the same path, and add to them")
    func canBeOverlaid() throws {
        let overlay = try Overlay(["kubernetes/base/namespace.yaml": "mine\n", "mine/new.txt": "new\n"])
        let templates = try Templates(overlay: overlay.directory)
        #expect(try templates["kubernetes/base/namespace.yaml"].text == "mine\n")
        #expect(try templates["mine/new.txt"].text == "new\n")
        #expect(templates.paths == (try Templates().paths + ["mine/new.txt"]).sorted())
    }

    @Test("of an overlay that is no directory are a mistake in what was typed")
    func needDirectory() throws {
        let overlay = try Overlay(["file": "x"])
        for path in [overlay.directory + "/file", overlay.directory + "/nowhere"] {
            let problem = #expect(throws: Problem.self) { try Templates(overlay: path) }
            #expect(
                problem
                    == Problem(
                        .usage, what: "--templates \(path) is not a directory",
                        fix: "name a directory laid out like templates/ of kubeforge"))
        }
    }

    @Test("of an overlay must be text")
    func mustBeText() throws {
        let overlay = try Overlay([:])
        try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: overlay.directory + "/picture.png"))
        let problem = #expect(throws: Problem.self) { try Templates(overlay: overlay.directory) }
        #expect(problem?.what == "--templates \(overlay.directory): picture.png cannot be read")
        #expect(problem?.why == "it is not UTF-8 text")
        #expect(problem?.fix == "templates are UTF-8 text files: move it elsewhere")
    }

    @Test("of an overlay that are no text are told with the first of them")
    func firstIsTold() throws {
        let overlay = try Overlay([:])
        for name in ["f", "b", "e", "c", "a", "d"] {
            try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: overlay.directory + "/\(name).png"))
        }
        let problem = #expect(throws: Problem.self) { try Templates(overlay: overlay.directory) }
        #expect(problem?.what == "--templates \(overlay.directory): a.png cannot be read")
    }

    @Test("of an overlay are not waited for where one is a pipe")
    func pipe() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("service/api.py", "mine")
            try directory.pipe("service/pipe")
            let problem = #expect(throws: Problem.self) { try Templates(overlay: directory.path) }
            #expect(
                problem
                    == Problem(
                        .usage, what: "--templates \(directory.path) cannot be read",
                        why: "service/pipe: it is a pipe or a socket, not a file",
                        fix: "templates are UTF-8 text files: move it elsewhere"))
        }
    }

    @Test(
        "of an overlay are not what file managers, Git, editors and Python leave there",
        arguments: [
            ".DS_Store", "service/.DS_Store", "service/__pycache__/api.cpython-311.pyc", ".git/index",
            "service/.api.py.swp",
        ])
    func leaveOut(path: String) throws {
        let overlay = try Overlay(["mine/new.txt": "new\n"])
        let file = URL(filePath: overlay.directory + "/" + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data([0, 0xFF, 1]).write(to: file)
        #expect(try Templates(overlay: overlay.directory).paths == (try Templates().paths + ["mine/new.txt"]).sorted())
    }

    private func files(below directory: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).filter { path in
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: directory + "/" + path, isDirectory: &isDirectory)
            return !isDirectory.boolValue && !path.contains("__pycache__")
        }
        .sorted()
    }
}

/// A directory of one's own templates, gone after the test.
private final class Overlay {
    let directory = NSTemporaryDirectory() + "kubeforge-overlay-\(UUID().uuidString)"

    init(_ files: [String: String]) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (path, text) in files {
            let url = URL(filePath: directory + "/" + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }
}
