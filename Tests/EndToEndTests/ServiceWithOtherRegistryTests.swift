import Foundation
import Testing

/// A registry that the inventory names, with a login of its own: here the cluster's, at another path.
/// Its name comes after that of the file that counts what the cluster's registry keeps: they run in this order.
extension ServiceTests {
    private var endpoint: String { "\(lab.inventory.address(of: "kubmaster")):5443" }

    @Test("lets an old pod pull its image again after a deploy to another registry with a wrong password")
    func wrongPassword() async throws {
        let before = try await running()
        let run = try await lab.kubeforge("deploy", try otherRegistry(password: "wrong\n"))
        #expect(run.exitCode == 1, "\(run.everything)")
        let fix = "does \(endpoint) let you push? Name who may in the inventory (service: registry: username:, "
        #expect(run.errors.contains(fix), "\(run.errors)")
        #expect(try await running() == before)
        try await removeImagesOfWorker()
        try await lab.replaceOnePod()
        try await succeed("smoke-test", lab.inventory.path)
    }

    @Test("goes back to the same release twice, and pulls it with its own login after two deploys to another registry")
    func rollbackTwice() async throws {
        let first = try await running()
        let password = try await lab.ssh("kubmaster", "sudo cat /var/lib/kubeforge/registry/login/password").output
        let other = try otherRegistry(password: password)
        let overlays = try ["One", "Another"].map {
            try Overlay.comment("\($0) of another registry.").make(in: lab.directory)
        }
        try await succeed("deploy", other, "--templates", overlays[0])
        #expect(try await running().hasPrefix("\(endpoint)/others/inference:"))
        try await succeed("rollback", "--inventory", lab.inventory.path)
        #expect(try await running() == first)
        for overlay in overlays { try await succeed("deploy", other, "--templates", overlay) }
        #expect(try await running().hasPrefix("\(endpoint)/others/inference:"))
        let secrets = try await lab.ssh(
            "kubmaster", "kubectl -n mlops get secrets -o name | grep -c '^secret/inference-registry-'")
        #expect(secrets.output == "2\n", "that of the first release is kept, and that of the other registry")
        try await removeImagesOfWorker()
        let tag = try #require(first.split(separator: ":").last.map(String.init))
        try await succeed("rollback", tag, "--inventory", lab.inventory.path)
        #expect(try await running() == first)
        try await succeed("smoke-test", lab.inventory.path)
    }

    /// The worker has to ask a registry again, by the Secret that the pod names.
    private func removeImagesOfWorker() async throws {
        let left = try await lab.ssh("kubnode", "sudo sh -c '\(Self.forgetImages)'")
        #expect(left.output == "0\n", "\(left.everything)")
    }

    private func succeed(_ words: String...) async throws {
        let run = try await lab.kubeforge(words)
        try #require(run.exitCode == 0, "\(words): \(run.everything)")
    }

    /// The inventory as the test before left it, with another registry.
    private func otherRegistry(password: String) throws -> String {
        let file = lab.directory.appending(path: "registry-password").path()
        try password.write(toFile: file, atomically: true, encoding: .utf8)
        let registry = "{ repository: \"\(endpoint)/others\", username: kubeforge, passwordFile: \(file) }"
        let inventory = lab.directory.appending(path: "other-registry.yaml").path()
        let text = try String(contentsOfFile: lab.inventory.path, encoding: .utf8)
        try text.replacing("service:\n", with: "service:\n  registry: \(registry)\n").write(
            toFile: inventory, atomically: true, encoding: .utf8)
        return inventory
    }
}
