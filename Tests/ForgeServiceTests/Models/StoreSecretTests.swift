import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The model store's Secret")
struct StoreSecretTests {
    /// Of the digest of a pinned content, so that every process counts it alike.
    private static let pinned: String = SHA256.hex(Array("key 5\na keyknown_hosts 5\nhosts".utf8))
    private let name = "inference-store-\(Self.pinned.prefix(8))"

    private var look: String {
        #"""
        kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=30s --namespace mlops get secret \#
        --field-selector metadata.name=\#(name) -o 'jsonpath={range \#
        .items[*]}{.metadata.annotations.kubeforge\.io/digest}{"-"}{end}' 2>&1
        """#
    }

    @Test("is not there for models in the image")
    func notForImages() throws {
        let step = try StoreSecret(Example.cluster(), for: .pods)
        #expect(step.map(\.title) == nil)
    }

    @Test("is missing, up to date, or made from other files, and tells no more")
    func differences() async throws {
        try await TemporaryDirectory.during { directory in
            let step = try secret(directory)
            #expect(step.title == "model-store Secret is up to date")
            #expect(step.looks == [look])
            #expect(step.differences(whenLookEnds: 0, "") == ["Secret mlops.\(name) is missing"])
            #expect(step.differences(whenLookEnds: 0, "-") == ["Secret mlops.\(name) was made from other files"])
            #expect(step.differences(whenLookEnds: 0, try digest(step) + "-") == [])
            try write("another key", to: directory.path("key"))
            // Another key is another Secret: the one that the pods that run name is not touched.
            let other = try self.step(directory)
            #expect(other.name != name && other.looks != [look])
            #expect(String(decoding: try bytes(other), as: UTF8.self).contains("name: \"\(other.name)\""))
            #expect(
                step.differences(whenLookEnds: 1, "Unable to connect") == [
                    "Secret mlops.\(name) cannot be read: Unable to connect"
                ])
        }
    }

    @Test("goes to the cluster over standard input, as a secret, and into no annotation")
    func apply() async throws {
        try await TemporaryDirectory.during { directory in
            let command = try secret(directory).applied
            guard case .secret(let input) = command.input else { throw Problem(what: "it is not sent as a secret") }
            let manifest = String(decoding: input, as: UTF8.self)
            // A namespace that is not there is made as kubeforge's; what the other kubectl reads is the Secret.
            for isThere in [true, false] {
                try directory.write(
                    "bin/kubectl",
                    """
                    #!/bin/sh
                    case "$*" in *get\\ namespace*) exit \(isThere ? 0 : 1);; *create*) cat \
                    >\(directory.path("created"));; *) cat;; esac
                    """, mode: 0o755)
                let script = "PATH=\(directory.path("bin")):$PATH; \(command.words[2].text)"
                #expect(try LocalProgram("sh", "-c", script, input: input).output == manifest)
            }
            #expect(try directory.text("created").contains(#""app.kubernetes.io/managed-by":"kubeforge""#))
            let digest = Self.pinned
            #expect(try secret(directory).digest == digest)
            #expect(
                String(decoding: input, as: UTF8.self) == """
                    apiVersion: v1
                    kind: Secret
                    metadata:
                      name: "\(name)"
                      namespace: "mlops"
                      labels:
                        app.kubernetes.io/name: "inference"
                        app.kubernetes.io/managed-by: kubeforge
                      annotations:
                        kubeforge.io/digest: "\(digest)"
                    type: Opaque
                    immutable: true
                    data:
                      key: YSBrZXk=
                      known_hosts: aG9zdHM=

                    """)
        }
    }

    @Test("is named by its files in the order of their names, however many there are, and holds them in that order")
    func manyFiles() {
        let files = ["e": "5", "b": "2", "f": "6", "a": "1", "d": "4", "c": "3"].mapValues { Array($0.utf8) }
        let step = ContentSecret("inference-x", files, of: ForgeInventory.Service(), title: "files")
        #expect(step.digest == "bc5ad2e0524dbbfa5b5b56c95eb8cd7d798cbd36fe628e684006b57a75c662fb")
        #expect(step.name == "inference-x-bc5ad2e0")
        let manifest = step.applied.inputText
        #expect(
            manifest.hasSuffix(
                "data:\n  a: MQ==\n  b: Mg==\n  c: Mw==\n  d: NA==\n  e: NQ==\n  f: Ng==\n"))
    }

    @Test("says which file it cannot read")
    func unreadable() throws {
        let store = ModelStore(url: "sftp://models@store/srv", keyPath: "/nowhere/key", knownHostsPath: "/h")
        let problem = #expect(throws: Problem.self) {
            try StoreSecret(Example.cluster(service: Service(models: store)), for: .pods)
        }
        #expect(problem?.what == "/nowhere/key cannot be read")
        #expect(problem?.fix == "correct service: models: key: in inventory/lab.yaml")
    }

    @Test(
        """
        of pods has the key that may read only, and no other, where there is one; trainings have the one that may write
        """
    )
    func twoKeys() async throws {
        try await TemporaryDirectory.during { directory in
            _ = try secret(directory)
            try write("a key to read", to: directory.path("read"))
            func manifest(_ user: StoreSecret.User, readKey: String?) throws -> String {
                let store = ModelStore(
                    url: "sftp://models@store/srv", keyPath: directory.path("key"), readKeyPath: readKey,
                    knownHostsPath: directory.path("known_hosts"))
                let step = try #require(try StoreSecret(Example.cluster(service: Service(models: store)), for: user))
                return String(decoding: try bytes(step), as: UTF8.self)
            }
            let (both, reads) = (
                "data:\n  key: YSBrZXk=\n  known_hosts: aG9zdHM=\n",
                "data:\n  known_hosts: aG9zdHM=\n  readKey: YSBrZXkgdG8gcmVhZA==\n"
            )
            #expect(try manifest(.pods, readKey: directory.path("read")).hasSuffix(reads))
            #expect(try manifest(.training, readKey: directory.path("read")).hasSuffix(both))
            #expect(try manifest(.pods, readKey: nil).hasSuffix(both))
            #expect(try manifest(.training, readKey: nil) == manifest(.pods, readKey: nil))
            let lost = #expect(throws: Problem.self) { try manifest(.pods, readKey: "/nowhere/read") }
            #expect(lost?.fix == "correct service: models: readKey: in inventory/lab.yaml")
            // A training does not need the other key.
            #expect(try manifest(.training, readKey: "/nowhere/read").hasSuffix(both))
        }
    }

    @Test("has who must have signed the models, for pods and trainings; other signers are another Secret")
    func signers() async throws {
        try await TemporaryDirectory.during { directory in
            let plain = try secret(directory)
            func signed(_ signers: String, _ user: StoreSecret.User = .pods) throws -> StoreSecret {
                try write(signers, to: directory.path("signers"))
                let store = ModelStore(
                    url: "sftp://models@store/srv", keyPath: directory.path("key"),
                    knownHostsPath: directory.path("known_hosts"),
                    signing: .init(signersPath: directory.path("signers"), keyPath: "/nowhere/id"))
                return try #require(try StoreSecret(Example.cluster(service: Service(models: store)), for: user))
            }
            let one = try signed("ann")
            let content = "data:\n  allowed_signers: YW5u\n  key: YSBrZXk=\n  known_hosts: aG9zdHM=\n"
            #expect(String(decoding: try bytes(one), as: UTF8.self).hasSuffix(content))
            #expect(try bytes(signed("ann", .training)) == bytes(one))
            #expect(try Set([plain.name, one.name, signed("bob").name]).count == 3)
        }
    }

    private func secret(_ directory: TemporaryDirectory) throws -> StoreSecret {
        try write("a key", to: directory.path("key"))
        try write("hosts", to: directory.path("known_hosts"))
        return try step(directory)
    }

    private func step(_ directory: TemporaryDirectory) throws -> StoreSecret {
        let store = ModelStore(
            url: "sftp://models@store/srv", keyPath: directory.path("key"),
            knownHostsPath: directory.path("known_hosts"))
        return try #require(try StoreSecret(Example.cluster(service: Service(models: store)), for: .pods))
    }

    private func digest(_ step: StoreSecret) throws -> String {
        guard case .secret(let input) = step.applied.input else { return "" }
        return String(try #require(String(decoding: input, as: UTF8.self).firstMatch(of: /digest: "([0-9a-f]{64})"/)).1)
    }

    private func bytes(_ step: StoreSecret) throws -> [UInt8] {
        guard case .secret(let input) = step.applied.input else { throw Problem(what: "it is not sent as a secret") }
        return input
    }

    @Test(
        """
        is named by the pods of each release, of batch runs and of schedules of that release, and goes when nothing \
        names it
        """
    )
    func namedByPods() async throws {
        let pod = try #require(
            ClusterObject.one(
                #"""
                {"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{\#
                "initContainers":[\#(Told.fetching("v1"))],"containers":[],"volumes":[{"name":"tmp"},{\#
                "name":"model-store","secret":{"secretName":"inference-store-11111111"}}]}}}}
                """#
            )
        )
        let models = ModelVersion(pod.spec?.template?.spec)
        #expect(models == ModelVersion(url: Example.store.url, version: "v1", secret: "inference-store-11111111"))
        let parts = try ModelStoreParts.download(
            models, of: ForgeInventory.Service(models: Example.store), image: "i", templates: Templates())
        #expect(parts.volumes.contains(.secret("model-store", "inference-store-11111111")))
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "kubectl",
                """
                #!/bin/sh
                case "$*" in
                *get\\ secrets*) printf 'inference-%s\\n' registry registry-11111111 registry-22222222 \
                registry-33333333   registry-two store store-11111111 store-22222222 store-33333333 store-two;;
                *) printf 'x ';;
                esac
                case "$*" in *secretName*) printf 'inference-store-11111111 ';; esac
                case "$*" in *imagePullSecrets*) printf 'inference-registry-11111111 ';; esac
                """, mode: 0o755)
            // A training that has just begun has its Secret, and no pod yet.
            let step = OldSecretsAreRemoved(
                ForgeInventory.Service(models: Example.store),
                but: ["inference-registry-33333333", "inference-store-33333333"])
            let look = try #require(step.looks.first)
            let found = try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(look)")
            #expect(
                found.output.split(separator: "\n") == [
                    "inference-registry", "inference-registry-22222222", "inference-store", "inference-store-22222222",
                ])
            #expect(found.exitCode == 0)
            #expect(
                step.differences(whenLookEnds: 0, "inference-store\n") == ["no longer needed: Secret inference-store"])
            try directory.write(
                "kubectl", "#!/bin/sh\ncase \"$*\" in *get\\ secrets*) echo inference-store;; *) exit 1;; esac\n",
                mode: 0o755)
            #expect(try LocalProgram("sh", "-c", "PATH=\(directory.path):$PATH; \(look)").exitCode != 0)
            #expect(
                step.differences(whenLookEnds: 1)
                    == ["could not determine which Secrets are in use; nothing is removed"])
        }
    }

    @Test("goes once a second look has told that nothing names it")
    func goes() async throws {
        let step = OldSecretsAreRemoved(ForgeInventory.Service(models: Example.store), but: [])
        func commands(_ look: CommandState) async throws -> [String] {
            let host = ScriptedTransport { command in
                command.inputText.contains("get secrets") ? Output(answering: look) : Output("")
            }
            try await step.apply(to: Machine(host: Example.master, transport: host))
            return await host.commands.dropFirst().map(\.line)
        }
        let removal = try await commands(CommandState(text: "inference-store\ninference-registry\n"))
        #expect(removal.count == 1)
        #expect(
            removal.first?.hasSuffix(" delete secret --ignore-not-found -- inference-store inference-registry") == true)
        #expect(try await commands(CommandState(text: "")) == [])
        #expect(try await commands(CommandState(exitCode: 1, text: "inference-store\n")) == [])
    }

    private func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }
}
