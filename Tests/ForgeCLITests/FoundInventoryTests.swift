import ForgeCore
import ForgeInventory
import Foundation
import Testing

@testable import ForgeCLI

@Suite("An inventory that was found, not named")
struct FoundInventoryTests {
    private func check(_ reason: InventoryChoice.Reason, _ scene: Scene, _ change: (inout Service) -> Void) throws {
        var service = Service()
        change(&service)
        let access = Host.Access(user: "me", keyPath: scene.directory + "/home/.ssh/id", knownHostsPath: "/k")
        let host = Host(
            name: "m", address: IPv4Address("10.0.0.1")!, role: .controlPlane, isSchedulable: true, access: access)
        let cluster = Cluster(
            name: "lab", path: "./inventory.yaml", kubernetes: Version(1, 36, 2), hosts: [host], service: service)
        try InventoryChoice(path: "./inventory.yaml", reason: reason).check(cluster, scene.surroundings)
    }

    @Test("sends no file from outside its directory anywhere, until it is named")
    func outside() throws {
        let scene = try Scene()
        let (desk, home) = (scene.directory + "/desk", scene.directory + "/home")
        let sent: [(inout Service) -> Void] = [
            {
                $0.models = ModelStore(
                    url: "sftp://a@b/c", keyPath: home + "/.ssh/id_ed25519", knownHostsPath: desk + "/k")
            },
            {
                $0.models = ModelStore(
                    url: "sftp://a@b/c", keyPath: desk + "/key", readKeyPath: home + "/.ssh/id_ed25519",
                    knownHostsPath: desk + "/k")
            },
            { $0.registryLogin = .init(user: "a", passwordPath: home + "/password") },
            { $0.trainingData = .init(train: desk + "/train.csv", test: desk + "/../home/test.csv") },
            { $0.trainingData = .init(train: desk + "-other/train.csv", test: desk + "/test.csv") },
        ]
        for change in sent {
            let problem = #expect(throws: Problem.self) { try check(.directory, scene, change) }
            #expect(
                problem?.what
                    == "./inventory.yaml was found, not named, and sends files from outside its directory to its "
                    + "machines"
            )
            #expect(problem?.kind == .usage)
            for reason in [InventoryChoice.Reason.argument, .environment, .remembered] {
                #expect(throws: Never.self) { try check(reason, scene, change) }
            }
        }
        #expect(throws: Never.self) {
            try check(.directory, scene) {
                $0.trainingData = .init(train: desk + "/data/train.csv", test: desk + "/data/test.csv")
            }
        }
    }

    @Test("signs nothing with the user's own key, until it is named")
    func signing() throws {
        let scene = try Scene()
        let (desk, home) = (scene.directory + "/desk", scene.directory + "/home")
        func change(_ service: inout Service) {
            service.models = ModelStore(
                url: "sftp://a@b/c", keyPath: desk + "/key", knownHostsPath: desk + "/k",
                signing: .init(signersPath: desk + "/signers", keyPath: home + "/.ssh/id_ed25519"))
        }
        let problem = #expect(throws: Problem.self) { try check(.directory, scene, change) }
        #expect(
            problem?.what
                == "./inventory.yaml was found, not named, and signs models with a key from outside its directory"
        )
        #expect(problem?.why == home + "/.ssh/id_ed25519")
        #expect(throws: Never.self) { try check(.argument, scene, change) }
    }

    @Test("is not led outside by a link in its directory")
    func link() throws {
        let scene = try Scene()
        try scene.write("key", to: "home/.ssh/id")
        try FileManager.default.createSymbolicLink(
            atPath: scene.directory + "/desk/key", withDestinationPath: "../home/.ssh/id")
        #expect(throws: Problem.self) {
            try check(.directory, scene) {
                $0.models = ModelStore(
                    url: "sftp://a@b/c", keyPath: scene.directory + "/desk/key", knownHostsPath: "/k")
            }
        }
    }

    /// Paths of an inventory whose files stay on this computer.
    private static let unsent = [
        "ssh.key": "logs in from here", "hosts.ssh.key": "logs in from here",
        "ssh.knownHosts": "is compared here", "hosts.ssh.knownHosts": "is compared here",
    ]

    @Test("sends none for any key that takes a path", arguments: try paths())
    func everyPath(key: String) throws {
        if Self.unsent[key] != nil { return }
        let scene = try Scene()
        for name in ["desk", "home"] {
            for file in ["file", "other", "third", "train.csv", "test.csv", "own/model.py", "own/test.csv"] {
                try scene.write("x", to: "\(name)/\(file)")
            }
        }
        let reader = InventoryReader(home: scene.directory + "/home")
        let choice = InventoryChoice(path: "./inventory.yaml", reason: .directory)
        func check(_ outside: String) throws -> Problem? {
            try scene.write(Self.inventory(outside), to: "desk/inventory.yaml")
            let cluster = try reader.read(scene.directory + "/desk/inventory.yaml")
            do { try choice.check(cluster, scene.surroundings) } catch { return error }
            return nil
        }
        #expect(try check("") == nil, "the files of its own directory are sent")
        let problem = try check(key)
        #expect(
            problem?.what.contains(" from outside its directory") == true, "\(key) may send any file of its reader")
        #expect(problem?.why?.hasPrefix(scene.directory + "/home/") == true, "\(key)")
    }

    @Test("has keys that take a path, and all of them are found")
    func pathsAreFound() throws {
        let paths = try Self.paths()
        #expect(paths.contains("service.data") && paths.contains("mirrors.apt.debian.key"))
        #expect(Set(Self.unsent.keys).isSubset(of: paths))
    }

    /// Every key that takes a path, as the reader itself says: of `~nobody/x` it knows that this is no path.
    private static func paths() throws -> [String] {
        let scene = try Scene()
        let reader = InventoryReader(home: scene.directory)
        return try InventoryReader.keys.filter { key in
            try scene.write(line(key.split(separator: ".")), to: "inventory.yaml")
            let problems = #expect(throws: Problems.self) { try reader.read(scene.directory + "/inventory.yaml") }
            return problems?.all.contains { $0.what.contains("only ~/ is supported") } == true
        }
    }

    private static func line(_ keys: ArraySlice<Substring>) -> String {
        guard let key = keys.first else { return "~nobody/x" }
        let below = line(keys.dropFirst())
        return "{ \(key): \(key == "hosts" && keys.startIndex == 0 ? "[\(below)]" : below) }"
    }

    private static func line(_ keys: [Substring]) -> String { line(keys[...]) }

    /// With a file for every key that takes one; that of `outside` is in the user's home.
    private static func inventory(_ outside: String) -> String {
        func file(_ key: String, _ name: String = "file") -> String {
            "\(key.split(separator: ".").last ?? ""): \(key == outside ? "~/" : "./")\(name)"
        }
        let data =
            switch outside {
            case "service.data": "data: ~/"
            case "service.model": "model: ~/own"
            default: "data: { \(file("service.data.train")), \(file("service.data.test")) }"
            }
        return """
            cluster: lab
            kubernetes: 1.36.2
            hosts: [{ name: m, address: 10.0.0.1, role: control-plane }]
            mirrors:
              apt:
                docker: { url: "https://m.example.org/docker", \(file("mirrors.apt.docker.key")) }
                kubernetes: { url: "https://m.example.org/kubernetes", \(file("mirrors.apt.kubernetes.key")) }
                debian: { url: "https://m.example.org/debian", \(file("mirrors.apt.debian.key")) }
            service:
              \(data)
              registry: { repository: r.example.org/x, username: u, \(file("service.registry.passwordFile")) }
              \(file("service.tokens"))
              tls: { \(file("service.tls.certificate")), \(file("service.tls.key")) }
              models:
                url: sftp://a@b.example.org/c
                \(file("service.models.key"))
                \(file("service.models.readKey", "other"))
                \(file("service.models.knownHosts"))
                \(file("service.models.signers"))
                \(file("service.models.signWith", "third"))

            """
    }
}
