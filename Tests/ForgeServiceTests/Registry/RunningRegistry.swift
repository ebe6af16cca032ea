import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation

@testable import ForgeService

/// Debian's registry with the configuration that a cluster's has, on an address of the loopback interface that nobody
/// else uses: its port is always the same, and tests may run twice at once on a computer.
struct RunningRegistry {
    static let program = "/usr/bin/docker-registry"
    static let isAvailable = FileManager.default.isExecutableFile(atPath: program)

    let directory: RegistryDirectory

    /// Runs the body beside it, once it listens.
    static func during(_ body: (RunningRegistry) async throws -> Void) async throws {
        try await RegistryDirectory.during(at: LoopbackServer.freeAddress(port: ClusterRegistry.port)) { directory in
            let registry = RunningRegistry(directory: directory)
            try directory.change()
            let text = try Templates()["kubernetes/registry/config.yml"].render([
                "endpoint": directory.registry.endpoint
            ])
            let own = text.replacing("/etc/kubeforge-registry", with: directory.place.files).replacing(
                "/var/lib/registry", with: directory.files.path("images"))
            try own.write(toFile: registry.configuration, atomically: true, encoding: .utf8)
            let log = try directory.files.write("log", "")
            let serve = "REGISTRY_LOG_LEVEL=info exec \(program) serve \(registry.configuration) 2>\(log)"
            try await ForgeTestSupport.LocalProgram.running("sh", ["-c", serve]) { _ in
                let end = ContinuousClock.now + .seconds(30)
                while try !directory.files.text("log").contains("listening on") {
                    guard ContinuousClock.now < end else {
                        throw Problem(what: "the registry does not listen: \(try directory.files.text("log"))")
                    }
                    try await Task.sleep(for: .milliseconds(5))
                }
                try await body(registry)
            }
        }
    }

    var configuration: String { directory.place.files + "/config.yml" }

    /// An image of one layer with this content, under this tag.
    func push(_ release: Release, layer: String) throws {
        let script = #"""
            set -e; base=https://\#(directory.registry.endpoint)/v2/\#(release.repository); new=$(mktemp -d)
            trap 'rm -rf "$new"' EXIT; cd "$new"
            put() {
              sum=$(sha256sum <"$1"); sum=sha256:${sum%% *}
              place=$($curl -s -f -D - -o /dev/null -X POST "$base/blobs/uploads/" | tr -d '\r' | sed -n \#
            's/^[Ll]ocation: //p')
              $curl -s -f -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" \#
            "$place&digest=$sum"
              echo "{\"mediaType\":\"$2\",\"size\":$(wc -c <"$1"),\"digest\":\"$sum\"}"
            }
            printf '{}' >config; printf %s \#(layer.shellQuoted) >layer
            config=$(put config application/vnd.docker.container.image.v1+json)
            layer=$(put layer application/vnd.docker.image.rootfs.diff.tar.gzip)
            type=application/vnd.docker.distribution.manifest.v2+json
            echo "{\"schemaVersion\":2,\"mediaType\":\"$type\",\"config\":$config,\"layers\":[$layer]}" >manifest
            $curl -s -f -o /dev/null -X PUT -H "Content-Type: $type" --data-binary @manifest \#
            "$base/manifests/\#(release.tag)"
            """#
        let curl = RegistryCurl(directory.place).line()
        let run = try LocalProgram(
            "sh", "-c", "curl=\(curl.replacing("'*'", with: "*").shellQuoted); set -f\n" + script)
        guard run.exitCode == 0 else { throw Problem(what: "the image was not pushed: \(run.output)") }
    }

    /// Layers and configurations that lie in its storage.
    func blobs() throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: directory.files.path("images")).filter { path in
            path.contains("/blobs/sha256/") && path.hasSuffix("/data")
        }.count
    }
}

/// The directory of a registry with an authority of its own beside it, on this computer.
struct RegistryDirectory {
    let files: TemporaryDirectory
    let address: String

    static func during(at address: String = "127.83.0.9", _ body: (RegistryDirectory) async throws -> Void)
        async throws
    {
        try await TemporaryDirectory.during { files in
            let directory = RegistryDirectory(files: files, address: address)
            try FileManager.default.createDirectory(atPath: files.path("pki"), withIntermediateDirectories: true)
            try directory.newAuthority()
            try await body(directory)
        }
    }

    var place: RegistryPlace { RegistryPlace(directory: files.path("registry"), pki: files.path("pki")) }

    var registry: ClusterRegistry { ClusterRegistry(address: IPv4Address(address)!) }

    private var step: RegistryHasKeys { RegistryHasKeys(registry, on: Example.master, place: place) }

    func look() throws -> String { try LocalProgram("sh", "-c", step.look).output }

    func change() throws {
        let words = step.change.words.map(\.text)
        let run = try LocalProgram("sh", "-c", Command(words.map { Word($0) }).line)
        guard run.exitCode == 0 else { throw Problem(what: run.output) }
    }

    func text(_ file: String) throws -> String { try files.text("registry/" + file) }

    func newAuthority() throws {
        _ = try LocalProgram(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=kubernetes",
            "-keyout",
            files.path("pki/ca.key"), "-out", files.path("pki/ca.crt"))
    }

    /// The registry's own key, certified anew for so long.
    func certifyFor(days: Int) throws {
        let script = """
            set -e; cd \(files.path); printf 'subjectAltName=IP:127.83.0.8' >san
            openssl req -new -key registry/files/tls.key -subj /CN=x -out request
            openssl x509 -req -in request -CA pki/ca.crt -CAkey pki/ca.key -set_serial 7 -days \(days) -extfile san \
            -out registry/files/tls.crt
            """
        _ = try LocalProgram("sh", "-c", script)
    }
}
