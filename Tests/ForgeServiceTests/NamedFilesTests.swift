import ForgeCore
import ForgeInventory
import ForgeTemplates
import ForgeTestSupport
import Testing

@testable import ForgeService

/// The inventory was read before; what has the name may be another thing by now.
@Suite("A file that the inventory names")
struct NamedFilesTests {
    /// A reader of such a file, and the line of the inventory that names it.
    struct Reader: Sendable, CustomTestStringConvertible {
        var line: String
        var read: @Sendable (_ file: String, _ pipe: String) throws -> Void

        var testDescription: String { line }
    }

    private static func context(_ service: Service, _ mirrors: Mirrors = Mirrors()) throws {
        _ = try BuildContext.make(
            cluster: Example.cluster(mirrors: mirrors, service: service), templates: try Templates())
    }

    private static func secret(_ user: StoreSecret.User, _ store: ModelStore) throws {
        _ = try StoreSecret(Example.cluster(service: Service(models: store)), for: user)
    }

    static let readers = [
        Reader(line: "service: data: train:") { try context(Service(trainingData: .init(train: $1, test: $0))) },
        Reader(line: "service: data: test:") { try context(Service(trainingData: .init(train: $0, test: $1))) },
        Reader(line: "mirrors: apt: debian: key:") {
            try context(
                Service(models: Example.store),
                Mirrors(debian: .init(url: "https://m.example/debian", key: .file(path: $1))))
        },
        Reader(line: "service: models: key:") {
            try secret(.training, ModelStore(url: "sftp://a@b/c", keyPath: $1, knownHostsPath: $0))
        },
        Reader(line: "service: models: readKey:") {
            try secret(.pods, ModelStore(url: "sftp://a@b/c", keyPath: $0, readKeyPath: $1, knownHostsPath: $0))
        },
        Reader(line: "service: models: knownHosts:") {
            try secret(.pods, ModelStore(url: "sftp://a@b/c", keyPath: $0, knownHostsPath: $1))
        },
        Reader(line: "service: models: signers:") {
            try secret(
                .pods,
                ModelStore(
                    url: "sftp://a@b/c", keyPath: $0, knownHostsPath: $0,
                    signing: .init(signersPath: $1, keyPath: $0)))
        },
        Reader(line: "service: registry: passwordFile:") {
            let service = Service(registry: "r.example/x", registryLogin: .init(user: "robot", passwordPath: $1))
            _ = try RegistryLogin.step(Example.cluster(service: service), to: "r.example/x")
        },
    ]

    @Test("is not waited for where it is a pipe", arguments: readers)
    func pipe(reader: Reader) async throws {
        try await TemporaryDirectory.during { directory in
            let (file, pipe) = (try directory.write("file", "x"), try directory.pipe("pipe"))
            let problem = #expect(throws: Problem.self) { try reader.read(file, pipe) }
            #expect(problem?.kind == .invalidInventory)
            #expect(problem?.what == "\(pipe) cannot be read")
            #expect(problem?.why == "it is a pipe or a socket, not a file")
            #expect(
                problem?.fix?.hasPrefix("correct \(reader.line) in inventory/lab.yaml") == true, "\(problem?.fix ?? "")"
            )
        }
    }
}
