import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

/// What a pod gets that asks for a version.
extension ModelStoreTests {
    @Test("gives the version that is asked for, whatever current is")
    func pinned() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            let first = try version()
            let golden = try content("models/golden.json")
            try FileManager.default.copyItem(at: models, to: directory / "first")
            _ = try await nextVersion()
            _ = try run("upload", sshd)
            #expect(
                try run("download", sshd, models: "downloaded", asking: first, own: "models")
                    == "\(address(sshd)): \(first) is here, as it was trained\n")
            #expect(try content("downloaded/golden.json") == golden)
            let none = try fault("download", sshd, asking: "20200101T000000Z-0123456789abcdef", own: "models")
            #expect(none.contains("versions/20200101T000000Z-0123456789abcdef/metadata.json\" not found"), "\(none)")
            #expect(none.hasSuffix(": has `kubeforge train` put models into the store?\n"))
            try FileManager.default.moveItem(
                at: directory / "store/versions/\(first)", to: directory / "store/versions/other")
            #expect(
                try fault("download", sshd, asking: "other", own: "models")
                    == "models are not downloaded: \(address(sshd)): versions/other holds another version, \(first)\n")
            #expect(
                try end("download", sshd, "downloaded", asking: "../other").errors.contains(
                    "../other can be no version"))
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
            let link = directory / "store/current"
            try FileManager.default.removeItem(at: link)
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "versions/later")
            _ = try await nextVersion()
            #expect(
                try run("download", sshd, models: "pod0", asking: "image").hasPrefix(
                    "\(address(sshd)): has \(try version())\n"))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "versions/later")
            #expect(try names(in: "store/versions") == [own, version()].sorted())
        }
    }

    @Test(
        """
        gives its versions to a key that may only read, and is not written to; models that it lacks come out of the \
        image
        """
    )
    func readKey() async throws {
        try await sshd { sshd in
            let key = try Data(contentsOf: directory / "secret/key")
            try await readOnly(sshd)
            let own = try version()
            #expect(
                try run("download", sshd, models: "pod", asking: "image")
                    == "the image: \(own) is here, as it was trained\n")
            for name in try names(in: "models") {
                #expect(try content("pod/\(name)") == content("models/\(name)"), "\(name)")
            }
            #expect(!FileManager.default.fileExists(atPath: (directory / "store").path))
            #expect(try fault("upload", sshd).contains(": the user may not read or write there ("))
            // What is wrong with the image's own is not said of the store.
            try FileManager.default.copyItem(at: models, to: directory / "cut")
            try Data("x".utf8).write(to: directory / "cut/lda.joblib")
            let cut = try fault("download", sshd, asking: "image", own: "cut")
            #expect(
                cut.hasPrefix(
                    "models are not downloaded: \((directory / "cut").path)/lda.joblib: is cut off: has 1 of "),
                "\(cut)")
            // The training has the other key.
            try FileManager.default.moveItem(at: directory / "secret/readKey", to: directory / "readKey")
            try key.write(to: directory / "secret/key")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: (directory / "secret/key").path)
            _ = try run("upload", sshd)
            try FileManager.default.moveItem(at: directory / "readKey", to: directory / "secret/readKey")
            try FileManager.default.removeItem(at: directory / "secret/key")
            for asked in [own, "image"] {
                #expect(
                    try run("download", sshd, models: "pod", asking: asked)
                        == "\(address(sshd)): \(own) is here, as it was trained\n")
            }
            let model = directory / "store/versions/\(own)/mlp.joblib"
            try FileManager.default.removeItem(at: model)
            #expect(try fault("download", sshd, asking: "image").contains("versions/\(own)/mlp.joblib\" not found"))
        }
    }

    @Test("is not mended by the image's own models where one of its files is gone")
    func notMended() async throws {
        try await sshd { sshd in
            _ = try run("download", sshd, models: "downloaded", asking: "image")
            let version = try version()
            for name in ["lda.joblib", "metadata.json"] {
                try FileManager.default.removeItem(at: directory / "store/versions/\(version)/\(name)")
                #expect(
                    try fault("download", sshd, asking: "image").contains("versions/\(version)/\(name)\" not found"))
            }
            #expect(try names(in: "store/versions/\(version)") == ["golden.json", "mlp.joblib"])
        }
    }

    @Test("says so when a model and its digest in metadata.json were both changed")
    func forged() async throws {
        try await sshd { sshd in
            _ = try run("upload", sshd)
            let version = try version()
            let place = directory / "store/versions/\(version)"
            try Data("another model".utf8).write(to: place.appending(path: "mlp.joblib"))
            try await Training.describe(place)
            let file = place.appending(path: "metadata.json")
            let forged = try String(contentsOf: file, encoding: .utf8).replacing(
                /"version": "[^"]+"/, with: "\"version\": \"\(version)\"")
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
            let changes = [
                (#""numpy": ""#, #""numpy": "other-"#, "with other packages"),
                (#""rows": 3"#, #""rows": 13"#, "of other data"),
            ]
            for (number, (old, new, what)) in changes.enumerated() {
                let own = "own\(number)"
                try FileManager.default.copyItem(at: models, to: directory / own)
                // Another version, also within one second.
                let golden = try content("models/golden.json") + Data(repeating: UInt8(ascii: "\n"), count: number + 1)
                try golden.write(to: directory / "\(own)/golden.json")
                try await Training.describe(directory / own)
                let file = directory / "\(own)/metadata.json"
                try Data(String(contentsOf: file, encoding: .utf8).replacing(old, with: new).utf8).write(to: file)
                let version = try self.version(of: own)
                #expect(
                    try run("download", sshd, models: "downloaded", asking: trained, own: own) == """
                        \(trained) was trained \(what) than this image's own models: these run, until `kubeforge \
                        train` makes new ones
                        \(address(sshd)): has \(version)
                        \(address(sshd)): \(version) is here, as it was trained

                        """)
            }
        }
    }
}
