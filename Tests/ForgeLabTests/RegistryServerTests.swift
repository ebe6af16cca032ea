import ForgeCore
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeLab

private let program = "/usr/bin/docker-registry"

@Suite("The lab's registry", .enabled(if: LocalHost().exists(program), "docker-registry is not installed"))
struct RegistryServerTests {
    private let computer = LocalHost()

    @Test("answers who pulls, and takes and removes nothing: whoever reaches it may do what it can")
    func readOnly() async throws {
        try await TemporaryFolder.during { folder in
            // An address of loopback that other processes' tests do not have: the port is the lab's.
            let process = getpid()
            let address = "127.\(process >> 16 & 255).\(process >> 8 & 255).\(max(2, process & 255) % 255)"
            let text = try Servers.registryConfiguration(Templates(), storage: folder.path("images"), address: address)
            let configuration = try folder.write("registry.yml", text)
            try await LocalProgram.running(program, ["serve", configuration]) { _ async throws in
                let registry = "http://\(address):5000/v2"
                #expect(try await code("GET", "\(registry)/_catalog") == "200")
                #expect(try await code("POST", "\(registry)/library/python/blobs/uploads/") == "405")
                #expect(try await code("PUT", "\(registry)/library/python/manifests/latest") == "405")
                let digest = "sha256:\(SHA256.hex(""))"
                #expect(try await code("DELETE", "\(registry)/library/python/blobs/\(digest)") == "405")
                #expect(try await code("DELETE", "\(registry)/library/python/manifests/\(digest)") == "405")
            }
        }
    }

    private func code(_ method: String, _ url: String) async throws -> String {
        try await computer.finish(
            Command(
                "curl", "--silent", "--noproxy", "*", "--retry", "30", "--retry-connrefused", "--retry-delay", "1",
                "--max-time", "60",
                "--request", Word(method), "--output", "/dev/null", "--write-out", "%{http_code}", Word(url)))
    }
}
