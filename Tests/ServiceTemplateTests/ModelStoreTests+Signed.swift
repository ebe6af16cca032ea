import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

/// A store whose versions must be signed, by keys of ssh-keygen's.
extension ModelStoreTests {
    @Test("that wants signatures puts a version there with its own, and pods use it, and what is signed of it")
    func signed() async throws {
        try await signing { sshd in
            #expect(try upload(sshd, by: "id").status == 0)
            let version = try version()
            #expect(try names(in: "store/versions/\(version)").contains("metadata.json.sig"))
            #expect(
                try run("download", sshd, models: "pod", asking: version, own: "own")
                    == "\(address(sshd)): \(version) is here, as it was trained\n")
            #expect(try names(in: "pod") == names(in: "models"))
            // The pods of a key that only reads look, too.
            try await readOnly(sshd)
            #expect(try end("download", sshd, "pod", asking: version, own: "own").status == 0)
        }
    }

    @Test("that wants signatures gives no version without one, whoever put it there, and says what to do")
    func unsigned() async throws {
        try await signing { sshd in
            _ = try run("upload", sshd)
            let version = try version()
            let place = "models are not downloaded: \(address(sshd)): versions/\(version)"
            let cure =
                ": make a version that is signed, by `kubeforge train` or `kubeforge push` with service: "
                + "models: signWith:, and deploy again\n"
            #expect(try fault("download", sshd, asking: version, own: "own") == "\(place) is not signed\(cure)")
            #expect(try names(in: "downloaded") == [])
            // By somebody whom nobody here trusts.
            let signature = directory / "store/versions/\(version)/metadata.json.sig"
            try await LoopbackSSHD.makeKey((directory / "stranger").path)
            try sign("models/metadata.json", by: "stranger", to: signature)
            let stranger = try fault("download", sshd, asking: version, own: "own")
            #expect(
                stranger.hasPrefix("\(place) is not signed by anyone whom service: models: signers: names (")
                    && stranger.hasSuffix(")" + cure), "\(stranger)")
            // By somebody who is trusted, for something else.
            try sign("models/metadata.json", by: "id", to: signature, for: "git")
            let other = try fault("download", sshd, asking: version, own: "own")
            #expect(other.hasPrefix("\(place) has a signature that does not match its metadata.json ("), "\(other)")
            try Data(repeating: 65, count: 70000).write(to: signature)
            #expect(
                try fault("download", sshd, asking: version, own: "own")
                    == "\(place) has a signature of 70000 bytes, which is too large\(cure)")
            try sign("models/metadata.json", by: "id", to: signature)
            #expect(try end("download", sshd, "pod", asking: version, own: "own").status == 0)
        }
    }

    @Test("that wants signatures gives nothing of a version whose metadata.json was changed after it was signed")
    func changedDescription() async throws {
        try await signing { sshd in
            #expect(try upload(sshd, by: "id").status == 0)
            let version = try version()
            let file = directory / "store/versions/\(version)/metadata.json"
            let whole = try String(contentsOf: file, encoding: .utf8)
            // What would have pods pass it over, or load it otherwise.
            for (old, new) in [(#""rows": 3"#, #""rows": 13"#), (#""format": "joblib""#, #""format": "skops""#)] {
                try Data(whole.replacing(old, with: new).utf8).write(to: file)
                let fault = try fault("download", sshd, asking: version, own: "own")
                #expect(
                    fault.hasPrefix(
                        "models are not downloaded: \(address(sshd)): versions/\(version) has a signature that does "
                            + "not match its metadata.json ("), "\(fault)")
            }
            #expect(try names(in: "downloaded") == [])
            // A changed model is found by what is signed.
            try Data(whole.utf8).write(to: file)
            try Data("another model".utf8).write(to: directory / "store/versions/\(version)/mlp.joblib")
            let fault = try fault("download", sshd, asking: version, own: "own")
            #expect(fault.contains("versions/\(version)/mlp.joblib: is cut off"), "\(fault)")
        }
    }

    @Test("that wants signatures is not asked for the image's own models, which nobody has signed, nor given them")
    func imagesOwn() async throws {
        try await signing { sshd in
            let own = try version(of: "own")
            for asked in ["image", own] {
                #expect(
                    try run("download", sshd, models: "pod", asking: asked, own: "own")
                        == "the image: \(own) is here, as it was trained\n")
            }
            #expect(!FileManager.default.fileExists(atPath: (directory / "store").path))
            // Of that name, in the store, by somebody else.
            try FileManager.default.createDirectory(
                at: directory / "store/versions/\(own)", withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: directory / "store/versions/\(own)/metadata.json")
            #expect(try end("download", sshd, "pod", asking: "image", own: "own").status == 0)
            #expect(try content("pod/mlp.joblib") == content("own/mlp.joblib"))
        }
    }

    @Test("is given no version whose signature no pod would take, or did not come")
    func refusedUploads() async throws {
        try await signing { sshd in
            let version = try version()
            try await LoopbackSSHD.makeKey((directory / "stranger").path)
            let stranger = try upload(sshd, by: "stranger")
            #expect(stranger.status == 1)
            #expect(
                stranger.errors.hasPrefix(
                    "models are not uploaded: \(version) is not signed by anyone whom service: models: signers: names ("
                ), "\(stranger.errors)")
            let none = try end(
                "upload", sshd, "models", more: ["--signed", "0"],
                environment: ["HANDOVER_DIR": (directory / "nothing").path])
            #expect(none.status == 1)
            #expect(none.output == "waiting for the signature of \(version)\n")
            #expect(
                none.errors
                    == "models are not uploaded: the signature of \(version) did not arrive: nothing was received "
                    + "for 0 seconds\n")
            #expect(!FileManager.default.fileExists(atPath: (directory / "store").path))
        }
    }

    @Test("loses the signature of an upload that was killed, too")
    func abandonedSignature() async throws {
        try await signing { sshd in
            let name = "versions/.unfinished-20200101T000000Z-00000001"
            for file in ["metadata.json", "metadata.json.sig", "lda.joblib"] {
                let path = directory / "store/\(name)/\(file)"
                try FileManager.default.createDirectory(
                    at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
                try (file == "metadata.json" ? content("models/metadata.json") : Data()).write(to: path)
            }
            #expect(try upload(sshd, by: "id").output.contains("removed the files of interrupted uploads: "))
            #expect(!FileManager.default.fileExists(atPath: (directory / "store/\(name)").path))
        }
    }

    /// `own` holds the image's own models, and `models` a later training's; `id` may sign.
    private func signing(_ body: (LoopbackSSHD) async throws -> Void) async throws {
        try await sshd { sshd in
            try FileManager.default.copyItem(at: models, to: directory / "own")
            _ = try await nextVersion()
            try await LoopbackSSHD.makeKey((directory / "id").path)
            let key = try String(contentsOf: directory / "id.pub", encoding: .utf8)
            try Data("ann@desk \(key)".utf8).write(to: directory / "secret/allowed_signers")
            try await body(sshd)
        }
    }

    /// As the pod of a training does it, with a signature that is there before it is waited for.
    private func upload(_ sshd: LoopbackSSHD, by key: String) throws -> LocalProgram {
        let handover = directory / "handover-\(key)"
        try FileManager.default.createDirectory(at: handover, withIntermediateDirectories: true)
        try sign("models/metadata.json", by: key, to: handover.appending(path: "signature"))
        return try end(
            "upload", sshd, "models", more: ["--signed", "60"], environment: ["HANDOVER_DIR": handover.path])
    }

    private func sign(_ file: String, by key: String, to place: URL, for purpose: String = "kubeforge-model") throws {
        let signed = try LocalProgram.run(
            ["ssh-keygen", "-Y", "sign", "-n", purpose, "-f", (directory / key).path], input: content(file))
        #expect(signed.status == 0, "\(signed.errors)")
        try Data(signed.output.utf8).write(to: place)
    }
}
