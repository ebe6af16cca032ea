import Foundation
import Testing

/// A model store on the control plane's own sshd: a user with a key of the test's, and an inventory that names it.
struct StoreOnMaster {
    let lab: TestLab

    var inventory: String { lab.directory.appending(path: "with-store.yaml").path() }

    /// The inventory of somebody who signs, and whose pods take nothing else.
    var signing: String { lab.directory.appending(path: "with-signers.yaml").path() }

    /// The inventory of somebody with a key that the store does not know.
    var withWrongKey: String { lab.directory.appending(path: "with-wrong-key.yaml").path() }

    init() async throws {
        lab = try #require(TestLab.current.get())
        if !FileManager.default.fileExists(atPath: inventory) { try await make() }
    }

    private func make() async throws {
        let (key, own) = (try await makeKey("store-key"), try await makeKey("signing-key"))
        let user = try await lab.ssh(
            "kubmaster",
            """
            sudo useradd --create-home models && sudo install -d -m 700 -o models ~models/.ssh &&
            echo '\(try String(contentsOfFile: key + ".pub", encoding: .utf8))' |
            sudo install -m 600 -o models /dev/stdin ~models/.ssh/authorized_keys
            """)
        #expect(user.exitCode == 0, "\(user.everything)")
        let signers = lab.directory.appending(path: "allowed_signers").path()
        try ("ann namespaces=\"kubeforge-model\" " + String(contentsOfFile: own + ".pub", encoding: .utf8)).write(
            toFile: signers, atomically: true, encoding: .utf8)
        try write(withWrongKey, try await makeKey("wrong-key"))
        try write(signing, key, ", signers: \(signers), signWith: \(own)")
        try write(inventory, key)
    }

    private func makeKey(_ name: String) async throws -> String {
        let key = lab.directory.appending(path: name).path()
        let made = try await Program(
            path: "/usr/bin/ssh-keygen", arguments: ["-q", "-t", "ed25519", "-N", "", "-C", "models", "-f", key],
            environment: [:]
        ).run()
        #expect(made.exitCode == 0, "\(made.everything)")
        return key
    }

    /// Generated data, whatever the test before had. `more`: keys of `models:`.
    private func write(_ inventory: String, _ key: String, _ more: String = "") throws {
        var own = lab.inventory
        let address = own.address(of: "kubmaster")
        own.service = [
            """
            models: { url: \"sftp://models@\(address)/home/models/store\", key: \(key), knownHosts: \
            \(own.knownHosts)\(more) }
            """
        ]
        try own.write(to: inventory)
        let text = try String(contentsOfFile: inventory, encoding: .utf8)
        let archive = URL(filePath: own.key).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "apt/key.asc"
        ).path()
        let debian = "    debian: { url: \"http://\(own.network).1:8000/debian\", key: \(archive) }\n"
        try text.replacing("  apt:\n", with: "  apt:\n" + debian).write(
            toFile: inventory, atomically: true, encoding: .utf8)
    }

    /// Pushes a directory with one of the image's two models, and the rows that it was trained and tested with.
    func push(with inventory: String) async throws -> Finished {
        let directory = lab.directory("elsewhere")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for file in ["model/train.csv", "model/test.csv", "model/labels.csv", "models/lda.joblib"] {
            let packed = try await lab.ssh(
                "kubmaster", "kubectl -n mlops exec deploy/inference -c api -- base64 -w0 \(file)")
            try #require(packed.exitCode == 0, "\(packed.everything)")
            let content = try #require(Data(base64Encoded: packed.output), "\(packed.errors)")
            try content.write(to: directory.appending(path: URL(filePath: file).lastPathComponent))
        }
        return try await lab.kubeforge("push", directory.path(), "--inventory", inventory)
    }

    /// What the store has of a version.
    func files(of version: String) async throws -> [String] {
        try await shell("ls store/versions/\(version)").split(separator: "\n").map(String.init)
    }

    /// The version that the pods' description names.
    func wanted() async throws -> String {
        try await lab.ssh(
            "kubmaster",
            """
            kubectl -n mlops get deployment inference -o \
            jsonpath='{.spec.template.spec.initContainers[0].env[?(@.name==\"MODEL_VERSION\")].value}'
            """
        ).output
    }

    /// What the store has, the oldest first.
    func versions() async throws -> [String] {
        try await shell("ls store/versions").split(separator: "\n").map(String.init)
    }

    /// In the home of the store's user.
    func shell(_ line: String) async throws -> String {
        let end = try await lab.ssh("kubmaster", "sudo -u models sh -c 'cd && \(line)'")
        #expect(end.exitCode == 0, "\(end.everything)")
        return end.output.trimmingCharacters(in: .newlines)
    }
}
