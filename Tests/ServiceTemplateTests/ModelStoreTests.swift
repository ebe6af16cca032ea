import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

/// store.py against a real sshd.
@Suite("The model store")
struct ModelStoreTests {
    let python: Python
    let folder: TemporaryFolder
    let models: URL

    init() async throws {
        python = try await Python.shared.value
        folder = try TemporaryFolder()
        models = folder / "models"
        try FileManager.default.copyItem(at: try await Training.small.value.models, to: models)
    }

    @Test("keeps each version, and switches to the newest, which is then downloaded as it was trained")
    func twoVersions() async throws {
        try await sshd { sshd in
            let first = try version()
            #expect(try run("upload", sshd) == "\(address(sshd)): current is \(first)\n")
            let second = try await nextVersion()
            #expect(try run("upload", sshd) == "\(address(sshd)): current is \(second)\n")
            #expect(try run("upload", sshd) == "\(address(sshd)): current is \(second)\n", "done again")
            #expect(try names(in: "store") == ["current", "versions"])
            #expect(try names(in: "store/versions") == [first, second].sorted())
            #expect(
                try run("download", sshd, models: "downloaded") == "\(address(sshd)): \(second) is here, as it was trained\n")
            #expect(try names(in: "downloaded") == ["golden.json", "lda.joblib", "metadata.json", "mlp.joblib"])
            for name in try names(in: "downloaded") {
                #expect(try content("downloaded/\(name)") == content("models/\(name)"), "\(name)")
            }
        }
    }

    @Test("whose model is missing, cut off or another is not used, and what was there stays")
    func damaged() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            _ = try run("download", sshd, models: "downloaded")
            let (version, model) = (try version(), folder / "store/current/mlp.joblib")
            let whole = try Data(contentsOf: model)
            let place = "models are not downloaded: \(address(sshd))"
            var other = whole
            other[500] ^= 1
            try other.write(to: model)
            #expect(
                try fault("download", sshd) == """
                    \(place): versions/\(version)/mlp.joblib: is not what was trained: sha256 \(try ServiceFiles.sha256(other)), \
                    metadata.json of \(version) says \(try ServiceFiles.sha256(whole))

                    """)
            try whole.prefix(500).write(to: model)
            #expect(
                try fault("download", sshd).hasPrefix(
                    "\(place): versions/\(version)/mlp.joblib: is cut off: has 500 of \(whole.count) bytes"))
            try FileManager.default.removeItem(at: model)
            #expect(
                try fault("download", sshd) == """
                    \(place): is not there \
                    (File "\(folder.url.path)/store/versions/\(version)/mlp.joblib" not found.)

                    """)
            #expect(try content("downloaded/mlp.joblib") == whole)
            #expect(try names(in: "downloaded").count == 4)
        }
    }

    @Test("is refused when it shows a host key that is not known, or another than is known")
    func hostKey() async throws {
        try await sshd { sshd in
            let known = folder / "secret/known_hosts"
            try Data().write(to: known)
            #expect(
                try fault("download", sshd)
                    == "models are not downloaded: \(address(sshd)): its host key is not in known_hosts (Host key verification failed.)\n")
            let own = try String(contentsOfFile: sshd.keyPath + ".pub", encoding: .utf8)
            try Data("\(sshd.name) \(own)".utf8).write(to: known)
            #expect(try fault("download", sshd).contains(": shows another host key than known_hosts holds: "))
        }
    }

    @Test("that does not let the key in, or has nothing yet, says so")
    func permission() async throws {
        try await sshd { sshd in
            let none = try fault("download", sshd)
            #expect(none.contains(": is not there (") && none.hasSuffix("): has `kubeforge train` put models into the store?\n"), "\(none)")
            try Data().write(to: URL(filePath: sshd.folder.path("authorized_keys")))
            let said = try fault("upload", sshd)
            #expect(said.hasPrefix("models are not uploaded: \(address(sshd)): does not let this user in with this key ("), "\(said)")
            #expect(!said.contains("PRIVATE"))
        }
    }

    @Test("takes no models that are not what was trained")
    func uploadChecks() async throws {
        try await sshd { sshd in
            try Data("x".utf8).write(to: models.appending(path: "lda.joblib"))
            #expect(try fault("upload", sshd).hasPrefix("models are not uploaded: \(models.path)/lda.joblib: is cut off: has 1 of "))
            #expect(!FileManager.default.fileExists(atPath: (folder / "store").path))
        }
    }

    @Test("gives whole versions only, also while it is switched to and fro")
    func switching() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            let first = try version()
            let second = try await nextVersion()
            _ = try run("upload", sshd)
            let link = (folder / "store/current").path
            let switches = Task.detached {
                var count = 0
                while !Task.isCancelled {
                    try FileManager.default.createSymbolicLink(
                        atPath: link + ".new", withDestinationPath: "versions/\(count % 2 == 0 ? first : second)")
                    try #require(rename(link + ".new", link) == 0)
                    count += 1
                    try await Task.sleep(for: .milliseconds(1))
                }
                return count
            }
            for _ in 0..<5 { #expect(try run("download", sshd, models: "downloaded").hasSuffix("is here, as it was trained\n")) }
            switches.cancel()
            _ = try? await switches.value
        }
    }

    @Test("gives the version that is asked for, whatever current is")
    func pinned() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            let first = try version()
            let golden = try content("models/golden.json")
            try FileManager.default.copyItem(at: models, to: folder / "first")
            _ = try await nextVersion()
            _ = try run("upload", sshd)
            #expect(
                try run("download", sshd, models: "downloaded", asking: first, own: "models")
                    == "\(address(sshd)): \(first) is here, as it was trained\n")
            #expect(try content("downloaded/golden.json") == golden)
            let none = try fault("download", sshd, asking: "20200101T000000Z-0123456789abcdef", own: "models")
            #expect(none.contains("versions/20200101T000000Z-0123456789abcdef/metadata.json\" not found"), "\(none)")
            #expect(none.hasSuffix(": has `kubeforge train` put models into the store?\n"))
            try FileManager.default.moveItem(at: folder / "store/versions/\(first)", to: folder / "store/versions/other")
            #expect(
                try fault("download", sshd, asking: "other", own: "models")
                    == "models are not downloaded: \(address(sshd)): versions/other holds another version, \(first)\n")
            #expect(try end("download", sshd, "downloaded", asking: "../other").errors.contains("../other can be no version"))
        }
    }

    @Test("that is empty gets the image's own models from the pods that need them, however many begin at once")
    func ownModels() async throws {
        try await sshd { sshd in
            let own = try version()
            let ends = try await withThrowingTaskGroup(of: LocalProgram.self) { group in
                for pod in 0..<4 { group.addTask { try end("download", sshd, "pod\(pod)", asking: "image") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for end in ends {
                #expect(end.status == 0, "\(end.errors)")
                #expect(end.output.hasSuffix("\(address(sshd)): \(own) is here, as it was trained\n"), "\(end.output)")
            }
            #expect(try names(in: "store") == ["current", "versions"])
            #expect(try names(in: "store/versions") == [own])
            #expect(try names(in: "store/current") == names(in: "models"))
            for pod in 0..<4 { #expect(try content("pod\(pod)/mlp.joblib") == content("models/mlp.joblib")) }
            // Their own models do not take the place of a training's.
            let link = folder / "store/current"
            try FileManager.default.removeItem(at: link)
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "versions/later")
            _ = try await nextVersion()
            #expect(try run("download", sshd, models: "pod0", asking: "image").hasPrefix("\(address(sshd)): has \(try version())\n"))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "versions/later")
            #expect(try names(in: "store/versions") == [own, version()].sorted())
        }
    }

    @Test("is not mended by the image's own models where one of its files is gone")
    func notMended() async throws {
        try await sshd { sshd in
            _ = try run("download", sshd, models: "downloaded", asking: "image")
            let version = try version()
            for name in ["lda.joblib", "metadata.json"] {
                try FileManager.default.removeItem(at: folder / "store/versions/\(version)/\(name)")
                #expect(try fault("download", sshd, asking: "image").contains("versions/\(version)/\(name)\" not found"))
            }
            #expect(try names(in: "store/versions/\(version)") == ["golden.json", "mlp.joblib"])
        }
    }

    @Test("says so when a model and its digest in metadata.json were both changed")
    func forged() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            let version = try version()
            let place = folder / "store/versions/\(version)"
            try Data("another model".utf8).write(to: place.appending(path: "mlp.joblib"))
            try await Training.describe(place)
            let file = place.appending(path: "metadata.json")
            let forged = try String(contentsOf: file, encoding: .utf8).replacing(/"version": "[^"]+"/, with: "\"version\": \"\(version)\"")
            try Data(forged.utf8).write(to: file)
            #expect(
                try fault("download", sshd, asking: version) == """
                    models are not downloaded: \(address(sshd)): versions/\(version)/metadata.json: \
                    describes other files than version \(version) has: train again

                    """)
        }
    }

    @Test("is passed over for the image's own models where those are of newer data or of other packages")
    func passedOver() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            let trained = try version()
            let changes = [(#""numpy": ""#, #""numpy": "other-"#, "with other packages"), (#""rows": "#, #""rows": 1"#, "of other data")]
            for (number, (old, new, what)) in changes.enumerated() {
                let own = "own\(number)"
                try FileManager.default.copyItem(at: models, to: folder / own)
                // Another version, also within one second.
                let golden = try content("models/golden.json") + Data(repeating: UInt8(ascii: "\n"), count: number + 1)
                try golden.write(to: folder / "\(own)/golden.json")
                try await Training.describe(folder / own)
                let file = folder / "\(own)/metadata.json"
                try Data(String(contentsOf: file, encoding: .utf8).replacing(old, with: new).utf8).write(to: file)
                let version = try self.version(of: own)
                #expect(
                    try run("download", sshd, models: "downloaded", asking: trained, own: own) == """
                        \(trained) was trained \(what) than this image's own models: these run, until `kubeforge train` makes new ones
                        \(address(sshd)): has \(version)
                        \(address(sshd)): \(version) is here, as it was trained

                        """)
            }
        }
    }

    @Test("notes the version of what was uploaded, for Kubernetes to keep")
    func note() async throws {
        try await sshd { sshd in
            let note = folder / "note"
            let end = try end("upload", sshd, "models", more: ["--note", note.path])
            #expect(end.status == 0, "\(end.errors)")
            #expect(try String(contentsOf: note, encoding: .utf8) == version())
        }
    }

    private func sshd(_ body: (LoopbackSSHD) async throws -> Void) async throws {
        try await LoopbackSSHD.running(["Subsystem sftp internal-sftp"]) { sshd in
            let secret = folder / "secret"
            try FileManager.default.createDirectory(at: secret, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: sshd.keyPath, toPath: secret.appending(path: "key").path)
            try FileManager.default.copyItem(atPath: sshd.knownHostsPath, toPath: secret.appending(path: "known_hosts").path)
            try await body(sshd)
        }
    }

    private func address(_ sshd: LoopbackSSHD) -> String { "sftp://\(NSUserName())@127.0.0.1:\(sshd.port)\(folder.url.path)/store" }

    /// `version`: what a pod's description asks for; `own`: the image's own models.
    private func end(
        _ direction: String, _ sshd: LoopbackSSHD, _ models: String, asking version: String? = nil, own: String = "models",
        more: [String] = []
    ) throws -> LocalProgram {
        let words = [python.executable, "store.py", direction, "--models", (folder / models).path, "--own", (folder / own).path] + more
        var environment = ["MODEL_STORE": address(sshd), "MODEL_STORE_SECRET": (folder / "secret").path]
        environment["MODEL_VERSION"] = version
        return try LocalProgram.run(words, in: ServiceFiles.sources, environment: environment)
    }

    private func run(
        _ direction: String, _ sshd: LoopbackSSHD, models: String = "models", asking version: String? = nil, own: String = "models"
    ) throws -> String {
        let end = try end(direction, sshd, models, asking: version, own: own)
        if end.status != 0 { throw Failed(end.errors) }
        return end.output
    }

    private func fault(_ direction: String, _ sshd: LoopbackSSHD, asking version: String? = nil, own: String = "models") throws -> String {
        let end = try end(direction, sshd, direction == "upload" ? "models" : "downloaded", asking: version, own: own)
        #expect(end.status == 1)
        return end.errors
    }

    private func version(of training: String = "models") throws -> String {
        let text = try String(contentsOf: folder / "\(training)/metadata.json", encoding: .utf8)
        return try String(#require(text.firstMatch(of: /"version": "([^"]+)"/)).1)
    }

    /// Makes the models another training's.
    private func nextVersion() async throws -> String {
        let golden = models.appending(path: "golden.json")
        try (Data(contentsOf: golden) + Data("\n".utf8)).write(to: golden)
        try await Training.describe(models)
        return try version()
    }

    private func names(in place: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: (folder / place).path).sorted()
    }

    private func content(_ place: String) throws -> Data { try Data(contentsOf: folder / place) }
}
