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

    @Test("of a folder are named from there")
    func haveFolders() throws {
        let base = try Templates().folder("kubernetes/base")
        #expect(base["namespace.yaml"] == (try Templates()["kubernetes/base/namespace.yaml"].text))
        #expect(try Templates().folder("kubernetes/bas").isEmpty)
    }

    @Test("of an overlay replace those of the same path, and add to them")
    func canBeOverlaid() throws {
        let overlay = try Overlay(["kubernetes/base/namespace.yaml": "mine\n", "mine/new.txt": "new\n"])
        let templates = try Templates(overlay: overlay.folder)
        #expect(try templates["kubernetes/base/namespace.yaml"].text == "mine\n")
        #expect(try templates["mine/new.txt"].text == "new\n")
        #expect(templates.paths == (try Templates().paths + ["mine/new.txt"]).sorted())
    }

    @Test("of an overlay that is no folder are a mistake in what was typed")
    func needFolder() throws {
        let overlay = try Overlay(["file": "x"])
        for path in [overlay.folder + "/file", overlay.folder + "/nowhere"] {
            let problem = #expect(throws: Problem.self) { try Templates(overlay: path) }
            #expect(
                problem
                    == Problem(
                        .usage, what: "--templates \(path) is not a folder",
                        fix: "name a folder laid out like templates/ of kubeforge"))
        }
    }

    @Test("of an overlay must be text")
    func mustBeText() throws {
        let overlay = try Overlay([:])
        try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: overlay.folder + "/picture.png"))
        let problem = #expect(throws: Problem.self) { try Templates(overlay: overlay.folder) }
        #expect(problem?.what == "--templates \(overlay.folder): picture.png cannot be read")
        #expect(problem?.why == "it is not UTF-8 text")
        #expect(problem?.fix == "templates are UTF-8 text files: move it elsewhere")
    }

    @Test("of an overlay are not waited for where one is a pipe")
    func pipe() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("service/api.py", "mine")
            try folder.pipe("service/pipe")
            let problem = #expect(throws: Problem.self) { try Templates(overlay: folder.path) }
            #expect(
                problem
                    == Problem(
                        .usage, what: "--templates \(folder.path) cannot be read",
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
        let file = URL(filePath: overlay.folder + "/" + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data([0, 0xFF, 1]).write(to: file)
        #expect(try Templates(overlay: overlay.folder).paths == (try Templates().paths + ["mine/new.txt"]).sorted())
    }

    private func files(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: folder + "/" + path, isDirectory: &isFolder)
            return !isFolder.boolValue && !path.contains("__pycache__")
        }
        .sorted()
    }
}

/// A folder of one's own templates, gone after the test.
private final class Overlay {
    let folder = NSTemporaryDirectory() + "kubeforge-overlay-\(UUID().uuidString)"

    init(_ files: [String: String]) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (path, text) in files {
            let url = URL(filePath: folder + "/" + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
