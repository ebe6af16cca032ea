import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

/// store.py against a real sshd.
@Suite("The model store")
struct ModelStoreTests {
    let python: Python
    let directory: TemporaryDirectory
    let models: URL

    init() async throws {
        python = try await Python.shared.value
        directory = try TemporaryDirectory()
        models = directory / "models"
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
                try run("download", sshd, models: "downloaded")
                    == "\(address(sshd)): \(second) is here, as it was trained\n")
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
            let (version, model) = (try version(), directory / "store/current/mlp.joblib")
            let whole = try Data(contentsOf: model)
            let place = "models are not downloaded: \(address(sshd))"
            var other = whole
            other[500] ^= 1
            try other.write(to: model)
            #expect(
                try fault("download", sshd) == """
                    \(place): versions/\(version)/mlp.joblib: is not what was trained: sha256 \
                    \(try ServiceFiles.sha256(other)), \
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
                    (File "\(directory.url.path)/store/versions/\(version)/mlp.joblib" not found.)

                    """)
            #expect(try content("downloaded/mlp.joblib") == whole)
            #expect(try names(in: "downloaded").count == 4)
        }
    }

    @Test("is refused when it shows a host key that is not known, or another than is known")
    func hostKey() async throws {
        try await sshd { sshd in
            let known = directory / "secret/known_hosts"
            try Data().write(to: known)
            #expect(
                try fault("download", sshd)
                    == """
                    models are not downloaded: \(address(sshd)): its host key is not in known_hosts (Host key \
                    verification failed.)\n
                    """
            )
            let own = try String(contentsOfFile: sshd.keyPath + ".pub", encoding: .utf8)
            try Data("\(sshd.name) \(own)".utf8).write(to: known)
            #expect(try fault("download", sshd).contains(": shows another host key than known_hosts holds: "))
        }
    }

    @Test("that does not let the key in, or has nothing yet, says so")
    func permission() async throws {
        try await sshd { sshd in
            let none = try fault("download", sshd)
            #expect(
                none.contains(": is not there (")
                    && none.hasSuffix("): has `kubeforge train` put models into the store?\n"), "\(none)")
            try Data().write(to: URL(filePath: sshd.directory.path("authorized_keys")))
            let said = try fault("upload", sshd)
            #expect(
                said.hasPrefix("models are not uploaded: \(address(sshd)): does not let this user in with this key ("),
                "\(said)")
            #expect(!said.contains("PRIVATE"))
        }
    }

    @Test("takes no models that are not what was trained")
    func uploadChecks() async throws {
        try await sshd { sshd in
            try Data("x".utf8).write(to: models.appending(path: "lda.joblib"))
            #expect(
                try fault("upload", sshd).hasPrefix(
                    "models are not uploaded: \(models.path)/lda.joblib: is cut off: has 1 of "))
            #expect(!FileManager.default.fileExists(atPath: (directory / "store").path))
        }
    }

    @Test("gives whole versions only, also while it is switched to and fro")
    func switching() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            let first = try version()
            let second = try await nextVersion()
            _ = try run("upload", sshd)
            let link = (directory / "store/current").path
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
            for _ in 0..<5 {
                #expect(try run("download", sshd, models: "downloaded").hasSuffix("is here, as it was trained\n"))
            }
            switches.cancel()
            _ = try? await switches.value
        }
    }

    @Test("notes the version of what was uploaded, for Kubernetes to keep")
    func note() async throws {
        try await sshd { sshd in
            let note = directory / "note"
            let end = try end("upload", sshd, "models", more: ["--note", note.path])
            #expect(end.status == 0, "\(end.errors)")
            #expect(try String(contentsOf: note, encoding: .utf8) == version())
        }
    }

    @Test("loses the files of uploads that were interrupted a day ago, by the next upload, and nothing else")
    func abandoned() async throws {
        try await sshd { sshd in
            let now = Date(timeIntervalSinceNow: -3600).timestamp
            let old = Date(timeIntervalSinceNow: -90000).timestamp
            let own = "\(old)-00000001"
            let kept = [
                "versions/.unfinished-\(now)-00000002/lda.joblib", "versions/.unfinished-\(old)-00000003/theirs",
                "versions/.unfinished-theirs/lda.joblib", "versions/\(old)-00000004/lda.joblib",
                ".current-\(now)-00000005",
            ]
            let gone = [
                "versions/.unfinished-\(own)/lda.joblib", "versions/.unfinished-\(own)/metadata.json",
                ".current-\(own)",
            ]
            for name in kept + gone {
                let file = directory / "store/\(name)"
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                // An upload says first which files it is to have.
                try (name.hasSuffix("metadata.json") ? content("models/metadata.json") : Data()).write(to: file)
            }
            let said = try run("upload", sshd)
            #expect(said.hasPrefix("\(address(sshd)): current is \(try version())\n"))
            #expect(
                said.hasSuffix(
                    ": removed the files of interrupted uploads: .current-\(own), .unfinished-\(own)\n"),
                "\(said)")
            for name in kept {
                #expect(FileManager.default.fileExists(atPath: (directory / "store/\(name)").path), "\(name)")
            }
            for name in gone {
                #expect(!FileManager.default.fileExists(atPath: (directory / "store/\(name)").path), "\(name)")
            }
            #expect(!FileManager.default.fileExists(atPath: (directory / "store/versions/.unfinished-\(own)").path))
            let again = try run("upload", sshd)
            #expect(!again.contains(own), "\(again)")
        }
    }

    func sshd(_ body: (LoopbackSSHD) async throws -> Void) async throws {
        try await LoopbackSSHD.running(["Subsystem sftp internal-sftp"]) { sshd in
            let secret = directory / "secret"
            try FileManager.default.createDirectory(at: secret, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: sshd.keyPath, toPath: secret.appending(path: "key").path)
            try FileManager.default.copyItem(
                atPath: sshd.knownHostsPath, toPath: secret.appending(path: "known_hosts").path)
            try await body(sshd)
        }
    }

    /// Lets in a second key, for which the server changes nothing, and leaves pods that one alone.
    func readOnly(_ sshd: LoopbackSSHD) async throws {
        let key = directory / "secret/readKey"
        try await LoopbackSSHD.makeKey(key.path)
        let keys = sshd.directory.path("authorized_keys")
        let line =
            #"restrict,command="internal-sftp -R" "# + (try String(contentsOfFile: key.path + ".pub", encoding: .utf8))
        try Data((String(contentsOfFile: keys, encoding: .utf8) + line).utf8).write(to: URL(filePath: keys))
        try FileManager.default.removeItem(at: directory / "secret/key")
    }

    func address(_ sshd: LoopbackSSHD) -> String {
        "sftp://\(NSUserName())@127.0.0.1:\(sshd.port)\(directory.url.path)/store"
    }

    /// `version`: what a pod's description asks for; `own`: the image's own models.
    func end(
        _ direction: String, _ sshd: LoopbackSSHD, _ models: String, asking version: String? = nil,
        own: String = "models",
        more: [String] = [], environment others: [String: String] = [:]
    ) throws -> LocalProgram {
        let words =
            [
                python.executable, "store.py", direction, "--models", (directory / models).path, "--own",
                (directory / own).path,
            ] + more
        var environment = ["MODEL_STORE": address(sshd), "MODEL_STORE_SECRET": (directory / "secret").path]
        environment["MODEL_VERSION"] = version
        environment.merge(others) { $1 }
        return try LocalProgram.run(words, in: ServiceFiles.sources, environment: environment)
    }

    func run(
        _ direction: String, _ sshd: LoopbackSSHD, models: String = "models", asking version: String? = nil,
        own: String = "models"
    ) throws -> String {
        let end = try end(direction, sshd, models, asking: version, own: own)
        if end.status != 0 { throw Failed(end.errors) }
        return end.output
    }

    func fault(_ direction: String, _ sshd: LoopbackSSHD, asking version: String? = nil, own: String = "models") throws
        -> String
    {
        let end = try end(direction, sshd, direction == "upload" ? "models" : "downloaded", asking: version, own: own)
        #expect(end.status == 1)
        return end.errors
    }

    func version(of training: String = "models") throws -> String {
        let text = try String(contentsOf: directory / "\(training)/metadata.json", encoding: .utf8)
        return try String(#require(text.firstMatch(of: /"version": "([^"]+)"/)).1)
    }

    /// Makes the models another training's.
    func nextVersion() async throws -> String {
        let golden = models.appending(path: "golden.json")
        try (Data(contentsOf: golden) + Data("\n".utf8)).write(to: golden)
        try await Training.describe(models)
        return try version()
    }

    func names(in place: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: (directory / place).path).sorted()
    }

    func content(_ place: String) throws -> Data { try Data(contentsOf: directory / place) }
}

extension Date {
    /// `20261126T202131Z`, as names in the store have it.
    fileprivate var timestamp: String { formatted(.iso8601).replacing(/[-:]/, with: "") }
}
