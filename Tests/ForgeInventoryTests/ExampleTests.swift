import ForgeCore
import ForgeInventory
import Foundation
import Testing

/// The inventories of the repository.
private let directory = URL(filePath: #filePath).appending(path: "../../../inventory").standardized.path(
    percentEncoded: false)

@Suite("The example inventory")
struct ExampleTests {
    private let text: String

    init() throws { text = try String(contentsOfFile: directory + "/example.yaml", encoding: .utf8) }

    /// With the lines switched on that begin with `#key:`.
    private var complete: String { text.replacing(/(?m)^( *)#(?=[A-Za-z0-9.]+:)/) { $0.1 } }

    /// The same without one of its lines, and without that of several services: a model of one's own and data for the
    /// example's cannot stand together, nor can one service and several.
    private func complete(without key: String) -> String {
        complete.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let text = line.drop { $0 == " " }
            return !text.hasPrefix("\(key):") && !text.hasPrefix("services:")
        }.joined(separator: "\n")
    }

    @Test("can be read as it is")
    func canBeRead() throws {
        let cluster = try InventoryReader(home: "/home/ada").read(directory + "/example.yaml")
        #expect(cluster.name == "example")
        #expect(cluster.hosts.map(\.name) == ["kubmaster", "kubnode"])
        #expect(cluster.mirrors == Mirrors())
        #expect(cluster.service == Service(nodePort: 30080))
        #expect(cluster.lab == LabSettings(hosts: ["kubnode": .init(distribution: .debian12, profile: .cloud)]))
    }

    @Test("can be read with every line switched on, and then has every key")
    func hasEveryKey() throws {
        let scratch = try Scratch()
        try scratch.write([65], to: "eeg/train.csv")
        try scratch.write([65], to: "eeg/test.csv")
        for file in ["churn/churn.joblib", "churn/test.csv", "price/price.ubj", "price/test.csv"] {
            try scratch.write([65], to: file)
        }
        for file in ["churn.tokens", "tls/churn.crt", "tls/churn.key", "keys/registry-password"] {
            try scratch.write([65], to: file)
        }
        try scratch.write([65], to: ".ssh/store_ed25519")
        try scratch.write([65], to: ".ssh/store_read_ed25519")
        try scratch.write([65], to: ".ssh/store_known_hosts")
        try scratch.write([65], to: ".ssh/allowed_signers")
        try scratch.write([65], to: ".ssh/id_ed25519")
        try scratch.write(Array(complete(without: "data").utf8))
        let own = try InventoryReader(home: scratch.directory).read(scratch.path).service
        #expect(own.model == scratch.directory + "/churn")
        #expect([own.target, own.index] == ["churned", "customer"])
        #expect(own.tokensPath == scratch.directory + "/churn.tokens")
        #expect(own.tls?.keyPath == scratch.directory + "/tls/churn.key")
        #expect(own.cors == ["https://app.example.org"])
        let several = complete.split(separator: "\n").filter { $0.hasPrefix("services:") }
        try scratch.write(Array((twoHosts + several.joined()).utf8))
        let services = try InventoryReader(home: scratch.directory).read(scratch.path).services
        #expect(services.map(\.name) == ["churn", "price"])
        #expect(services.map(\.nodePort) == [30080, 30081])
        try scratch.write(Array(complete(without: "model").utf8))
        let cluster = try InventoryReader(home: scratch.directory).read(scratch.path)
        #expect(cluster.imageRepository == "registry.example.org/kubernetes")
        #expect(cluster.mirrors.registries.count == 3)
        #expect(
            cluster.mirrors.docker?.key == .url("https://download.docker.com/linux/ubuntu/gpg", fingerprint: dockersOwn)
        )
        #expect(cluster.mirrors.kubernetes?.key == .file(path: scratch.directory + "/keys/mirror.asc"))
        #expect(
            cluster.mirrors.debian
                == .init(
                    url: "https://mirror.example.org/debian", key: .file(path: scratch.directory + "/keys/mirror.asc")))
        let ssh = scratch.directory + "/.ssh/store_"
        #expect(
            cluster.service.models
                == ModelStore(
                    url: "sftp://models@store.example.org/srv/models", keyPath: ssh + "ed25519",
                    readKeyPath: ssh + "read_ed25519",
                    knownHostsPath: ssh + "known_hosts",
                    signing: .init(
                        signersPath: scratch.directory + "/.ssh/allowed_signers",
                        keyPath: scratch.directory + "/.ssh/id_ed25519")))
        #expect(cluster.mirrors.python == "https://mirror.example.org/simple")
        #expect(cluster.service.trainingData?.train == scratch.directory + "/eeg/train.csv")
        #expect(cluster.service.registry == "registry.example.org:5000/mlops")
        #expect(
            cluster.service.registryLogin
                == .init(user: "kubeforge", passwordPath: scratch.directory + "/keys/registry-password"))
        #expect(cluster.service.registryImage == ClusterRegistry.image)
        for key in InventoryReader.keys {
            // Another way to write the same value: its comment shows it.
            let name = key.split(separator: ".").last!
            let isShown =
                inComments.contains(key) ? text.contains("\(name):") : shown.contains(inOthersPlace[key] ?? key)
            #expect(isShown, "inventory/example.yaml does not show \(key)")
        }
    }

    private let inComments: Set = [
        "service.data.train", "service.data.test", "service.replicas.min", "service.replicas.max",
        "service.replicas.cpu",
    ]

    /// What the example says once, for both places.
    private let inOthersPlace = [
        "hosts.ssh.user": "ssh.user", "hosts.ssh.key": "ssh.key", "hosts.ssh.knownHosts": "ssh.knownHosts",
        "mirrors.apt.kubernetes.fingerprint": "mirrors.apt.docker.fingerprint",
    ]

    /// The keys of the example with those that lead to them, as `InventoryReader.keys` writes them: `hosts.ssh.port`.
    private var shown: Set<String> {
        var above: [(column: Int, name: String)] = []
        var found: Set<String> = []
        for line in complete.split(separator: "\n") {
            guard let (_, start, name, rest) = line.wholeMatch(of: /( *(?:- )?)([A-Za-z0-9.]+):(.*)/)?.output else {
                continue
            }
            above.removeAll { $0.column >= start.count }
            let isAnyHost = above.map(\.name) == ["lab", "hosts"]
            above.append((start.count, isAnyHost ? "<host>" : String(name)))
            let path = above.map(\.name).joined(separator: ".")
            found.insert(path)
            for inner in rest.matches(of: /[{,] *([A-Za-z]+):/) { found.insert("\(path).\(inner.1)") }
        }
        return found
    }

    @Test("knows the keys of every section that the reader has")
    func everySection() throws {
        let sources = URL(filePath: directory).appending(path: "../Sources/ForgeInventory").standardized
        let reader = try String(contentsOf: sources.appending(path: "InventoryReader.swift"), encoding: .utf8)
        let sections = sources.appending(path: "Sections")
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(atPath: sections.path) {
            var type = ""
            for line in try String(contentsOf: sections.appending(path: file), encoding: .utf8).split(separator: "\n") {
                if let name = line.firstMatch(of: /^(?:struct|enum) (\w+)/)?.1 { type = String(name) }
                guard let list = line.firstMatch(of: /static let (keys|\w+Keys|repositories)\b/)?.1 else { continue }
                count += 1
                #expect(reader.contains("\(type).\(list)"), "InventoryReader.keys lacks \(type).\(list)")
            }
        }
        #expect(count > 15)
    }

    @Test("explains every key in the line above the first place that has it")
    func explainsEveryKey() {
        var explained: Set<Substring> = []
        var isComment = false
        for line in complete.split(separator: "\n", omittingEmptySubsequences: false) {
            if let key = line.firstMatch(of: /^ *(?:- )?([A-Za-z0-9]+):/)?.1 {
                #expect(isComment || explained.contains(key), "nothing explains `\(line)`")
                explained.insert(key)
            }
            isComment = line.contains(/^ *#\s/)
        }
        #expect(
            explained.isSuperset(
                of: InventoryReader.keys.map { $0.split(separator: ".").last! }.filter {
                    !["train", "test", "min", "max", "certificate"].contains($0)
                }))
    }

    private let dockersOwn = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
}

@Suite("The lab's inventory")
struct LabInventoryTests {
    @Test("has two machines, reached and supplied over the lab's bridge")
    func hasTwoMachines() throws {
        let cluster = try InventoryReader(home: "/root").read(directory + "/lab.yaml")
        let cache = "/root/.cache/kubeforge/lab"
        let access = Host.Access(
            user: "ubuntu", port: 22, keyPath: cache + "/ssh/id_ed25519", knownHostsPath: cache + "/run/lab/known_hosts"
        )
        let registry = "http://10.77.0.1:5000"
        #expect(
            cluster
                == Cluster(
                    name: "lab", path: directory + "/lab.yaml", kubernetes: Version(1, 20, 2),
                    hosts: [
                        Host(
                            name: "kubmaster", address: IPv4Address("10.77.0.11")!, role: .controlPlane,
                            isSchedulable: false,
                            access: access),
                        Host(
                            name: "kubnode", address: IPv4Address("10.77.0.12")!, role: .worker, isSchedulable: true,
                            access: access),
                    ],
                    mirrors: Mirrors(
                        docker: .init(
                            url: "http://10.77.0.1:8000/linux/<distribution>",
                            key: .file(path: cache + "/apt/key.asc")),
                        kubernetes: .init(
                            url: "http://10.77.0.1:8000/core:/stable:", key: .file(path: cache + "/apt/key.asc")),
                        debian: .init(url: "http://10.77.0.1:8000/debian", key: .file(path: cache + "/apt/key.asc")),
                        registries: ["docker.io": registry, "registry.k8s.io": registry, "ghcr.io": registry],
                        python: "http://10.77.0.1:8000/simple"),
                    service: Service(nodePort: 30080)))
    }
}
