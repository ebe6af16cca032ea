import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation
import Testing

@testable import ForgeService

@Suite("A build context")
struct BuildContextTests {
    @Test("has a tag that follows its files and its arguments")
    func tagFollowsContent() throws {
        let tag = try Example.context().tag
        #expect(tag == "fcf5fd37dd925c9e")
        #expect(try Example.context("print('hello')\n").tag == tag)
        #expect(try Example.context("print('hallo')\n").tag != tag)
        #expect(try BuildContext(files: Example.context().files, arguments: ["BASE_IMAGE": "other"]).tag != tag)
        // Built anew, it is another image.
        let anew = try ["2026-11-26T20:21:31Z", "2026-11-27T00:00:00Z"].map { time in
            try BuildContext(
                files: Example.context().files, arguments: ["BASE_IMAGE": "docker.io/library/python:3"], rebuilt: time
            ).tag
        }
        #expect(Set(anew + [tag]).count == 3)
    }

    @Test("holds the user's CSV files as model/train.csv and model/test.csv, beside the example")
    func holdsOwnData() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        let templates = directory.appending(path: "templates/service")
        try FileManager.default.createDirectory(at: templates, withIntermediateDirectories: true)
        try Data("FROM scratch\n".utf8).write(to: templates.appending(path: "Dockerfile"))
        let train = directory.appending(path: "my training.csv")
        try Data("Line,# Letter,a\n".utf8).write(to: train)
        let service = Service(
            trainingData: .init(train: train.path(percentEncoded: false), test: train.path(percentEncoded: false)))
        let overlay = try Templates(overlay: directory.appending(path: "templates").path())

        let context = try BuildContext.make(cluster: Example.cluster(service: service), templates: overlay)

        #expect(context.files["model/train.csv"] == Array("Line,# Letter,a\n".utf8))
        #expect(context.files["model/test.csv"] == Array("Line,# Letter,a\n".utf8))
        #expect(context.files["model/train.py"] != nil)
        #expect(context.files["Dockerfile"] == Array("FROM scratch\n".utf8))

        try FileManager.default.removeItem(at: train)
        let error = #expect(throws: Problem.self) {
            try BuildContext.make(cluster: Example.cluster(service: service), templates: overlay)
        }
        #expect(error?.kind == .invalidInventory)
        #expect(error?.what == "\(service.trainingData!.train) cannot be read")
        #expect(
            error?.fix
                == "correct service: data: train: in inventory/lab.yaml, or leave data: out and have data generated")
    }

    @Test("asks for OpenSSH's client with a model store only, and brings the mirror with its key")
    func modelStore() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let key = directory.appending(path: "mirror.asc")
        try Data("a key".utf8).write(to: key)
        let mirrors = Mirrors(
            debian: .init(url: "http://10.77.0.1:8000/debian", key: .file(path: key.path(percentEncoded: false))))
        let store = ModelStore(url: "sftp://models@store/srv", keyPath: "/k", knownHostsPath: "/h")

        let without = try BuildContext.make(cluster: Example.cluster(mirrors: mirrors), templates: Templates())
        #expect(
            without.arguments == [
                "BASE_IMAGE=docker.io/library/python:3.13-slim-trixie", "DEBIAN_MIRROR=http://10.77.0.1:8000/debian",
            ])
        #expect(without.files["apt/mirror.asc"] == Array("a key".utf8))

        let with = try BuildContext.make(
            cluster: Example.cluster(mirrors: mirrors, service: Service(models: store)), templates: Templates())
        #expect(with.arguments.suffix(2) == ["DEBIAN_MIRROR=http://10.77.0.1:8000/debian", "PACKAGES=openssh-client"])
        #expect(with.files["apt/mirror.asc"] == Array("a key".utf8))
    }

    @Test(
        "gets its arguments from the inventory's mirrors",
        arguments: [
            (Mirrors(), Service.defaultBaseImage, ["BASE_IMAGE": "docker.io/library/python:3.13-slim-trixie"]),
            (
                Mirrors(registries: ["docker.io": "http://10.77.0.1:5000"], python: "http://10.77.0.1:8000/simple"),
                Service.defaultBaseImage,
                [
                    "BASE_IMAGE": "docker.io/library/python:3.13-slim-trixie",
                    "PIP_INDEX_URL": "http://10.77.0.1:8000/simple",
                    "PIP_TRUSTED_HOST": "10.77.0.1",
                ]
            ),
            (
                Mirrors(registries: ["ghcr.io": "http://10.77.0.1:5000/"], python: "https://pypi.example/simple"),
                "ghcr.io/people/python:3.12",
                ["BASE_IMAGE": "10.77.0.1:5000/people/python:3.12", "PIP_INDEX_URL": "https://pypi.example/simple"]
            ),
            (Mirrors(), "python:3.12", ["BASE_IMAGE": "python:3.12"]),
        ])
    func argumentsFollowMirrors(mirrors: Mirrors, image: String, expected: [String: String]) {
        #expect(
            BuildArguments(Example.cluster(mirrors: mirrors, service: Service(baseImage: image))).values == expected)
    }
}
