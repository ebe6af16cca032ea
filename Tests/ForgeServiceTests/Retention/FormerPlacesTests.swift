import ForgeCore
import ForgeInventory
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("Places that earlier versions shared between services")
struct FormerPlacesTests {
    /// What is left below `/var/lib/kubeforge` of these files, by directory, when the service has removed its own.
    private func left(_ files: [String: String], _ service: ForgeInventory.Service) async throws -> [String] {
        try await TemporaryDirectory.during { place in
            for (path, text) in files { try place.write("lib/\(path)", text) }
            try place.write("bin/docker", "#!/bin/sh\n", mode: 0o755)
            let inventory = ReleaseInventory(release: Example.release, runtime: nil, isBuilder: true, service: service)
            let script = inventory.removal(of: []).words[2].text.replacing(
                "/var/lib/kubeforge", with: place.path("lib"))
            let run = try LocalProgram("sh", "-c", "PATH=\(place.path("bin")):$PATH; \(script)")
            #expect(run.exitCode == 0, "\(run.output)")
            return files.keys.filter { FileManager.default.fileExists(atPath: place.path("lib/\($0)")) }.sorted()
        }
    }

    @Test("lose the manifests of the service, and keep those of one of the same name in another namespace")
    func manifests() async throws {
        let (own, others) = (#"  namespace: "mlops"\#n"#, #"  namespace: "mlops-2"\#n"#)
        let names = ["inference", "inference-candidate"]
        for (text, isOwn) in [(own, true), (others, false), ("", false)] {
            let files = names.reduce(into: [String: String]()) {
                $0["manifests/\($1)/deployment.yaml"] = "metadata:\n" + text
                $0["manifests/mlops.\($1)/deployment.yaml"] = own
            }
            let stay = names.map { "manifests/mlops.\($0)/deployment.yaml" }.sorted()
            let left = try await left(files, Service())
            #expect(left == (isOwn ? stay : files.keys.sorted()), "\(text)")
        }
        let other = ["manifests/other/deployment.yaml": own]
        #expect(try await left(other, Service()) == other.keys.sorted())
    }

    @Test("lose the login of the service's user, and keep that of another user of the registry's host")
    func logins() async throws {
        func files(_ login: String, isDockers: Bool = false) -> [String: String] {
            let auth = Data(login.utf8).base64EncodedString()
            let config = DockerConfig.text(["harbor.example.org": ["auth": auth]])
            let noted = isDockers ? ["registries/harbor.example.org/source": "0\n"] : [:]
            return ["registries/harbor.example.org/config.json": config].merging(noted) { $1 }
        }
        func service(_ user: String?) -> ForgeInventory.Service {
            Service(
                registry: "harbor.example.org/a",
                registryLogin: user.map { .init(user: $0, passwordPath: "/nowhere") })
        }
        for (user, login, isDockers, isOwn) in [
            ("robot$a", "robot$a:old:password", false, true), ("robot$a", "robot$b:password", false, false),
            ("robot$a", "robot$a", false, true), ("robot$a", "", false, false),
            (nil, "robot$a:password", true, true), (nil, "robot$a:password", false, false),
        ] as [(String?, String, Bool, Bool)] {
            let files = files(login, isDockers: isDockers)
            let left = try await left(files, service(user))
            #expect(left == (isOwn ? [] : files.keys.sorted()), "\(user ?? "Docker"): \(login)")
        }
        #expect(try await left([:], service("robot$a")) == [])
        let present = ["registries/harbor.example.org-01234567/config.json": DockerConfig.text([:])]
        #expect(try await left(present, service("robot$a")) == present.keys.sorted())
        // A cluster with a registry of its own never had one.
        #expect(try await left(files("kubeforge:x", isDockers: true), Service()).count == 2)
    }
}
