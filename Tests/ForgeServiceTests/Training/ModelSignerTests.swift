import ForgeCore
import ForgeInventory
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

/// With the ssh-keygen of this computer.
@Suite("A version of models")
struct ModelSignerTests {
    private let content = Array("{\"version\": \"1\"}\n".utf8)

    /// `agent`: the socket of an ssh-agent; without one there is none.
    private func signer(_ directory: TemporaryDirectory, agent: String? = nil) throws -> ModelSigner {
        let store = ModelStore(
            url: Example.store.url, keyPath: "/k", knownHostsPath: "/h",
            signing: .init(signersPath: directory.path("allowed_signers"), keyPath: directory.path("id")))
        let cluster = Example.cluster(service: Service(models: store))
        return try #require(ModelSigner(cluster, on: WithAgent(socket: agent)))
    }

    /// A key, and a file that names it, with these options.
    private func make(_ directory: TemporaryDirectory, passphrase: String = "", options: String = "") async throws {
        try await LoopbackSSHD.makeKey(directory.path("id"), passphrase: passphrase)
        let key = try directory.text("id.pub").split(separator: " ").prefix(2).joined(separator: " ")
        try directory.write("allowed_signers", "# who may\nann@desk \(options)\(key)\n")
    }

    private func verified(_ signature: [UInt8], _ directory: TemporaryDirectory) throws -> Bool {
        try directory.write("sig", String(decoding: signature, as: UTF8.self))
        return try LocalProgram(
            "ssh-keygen", "-Y", "verify", "-n", "kubeforge-model", "-f", directory.path("allowed_signers"), "-I",
            "ann@desk", "-s", directory.path("sig"), input: content
        ).exitCode == 0
    }

    @Test("is signed with the key of the inventory, for this purpose, and nothing is left on the disk")
    func signed() async throws {
        try await TemporaryDirectory.during { directory in
            try await make(directory, options: "namespaces=\"kubeforge-model\" ")
            let signature = try await signer(directory).sign(content)
            #expect(try verified(signature, directory))
            #expect(throws: Never.self) { try directory.text("id.pub") }
            try await signer(directory).check()
            #expect(ModelSigner(Example.cluster(service: Service(models: Example.store)), on: WithAgent()) == nil)
        }
    }

    @Test("is signed by ssh-agent where the key has a passphrase; without an agent that is said, and nobody is asked")
    func passphrase() async throws {
        try await TemporaryDirectory.during { directory in
            try await make(directory, passphrase: "a long one")
            let problem = await #expect(throws: Problem.self) { try await signer(directory).check() }
            #expect(problem?.what == "models cannot be signed with \(directory.path("id"))")
            #expect(
                problem?.fix == """
                    a key with a passphrase must be in ssh-agent: `ssh-add \(directory.path("id"))`, then run it \
                    again; another key: service: models: signWith: in inventory/lab.yaml
                    """)
            try await SSHAgent.running(in: directory) { agent in
                try await agent.add(directory.path("id"), passphrase: "a long one", directory)
                #expect(try verified(try await signer(directory, agent: agent.socket).sign(content), directory))
            }
        }
    }

    @Test("is not signed by a key that pods would not take, or not for this", arguments: ["", "namespaces=\"git\" "])
    func unknown(options: String) async throws {
        try await TemporaryDirectory.during { directory in
            try await make(directory, options: options)
            if options.isEmpty {
                try FileManager.default.removeItem(atPath: directory.path("id"))
                try await LoopbackSSHD.makeKey(directory.path("id"))
            }
            let problem = await #expect(throws: Problem.self) { try await signer(directory).check() }
            #expect(problem?.kind == .invalidInventory)
            #expect(problem?.what == "pods would not accept what \(directory.path("id")) signs")
            #expect(
                problem?.why?.hasPrefix(
                    "\(directory.path("allowed_signers")) does not name it, or not for kubeforge-model: ") == true,
                "\(problem?.why ?? "")")
            #expect(
                problem?.fix?.hasPrefix("add a line with its public key: `echo \"$(whoami) $(ssh-keygen -y") == true)
        }
    }

    @Test(
        "is signed by a key that has several names, and patterns of names",
        arguments: ["!bob@desk,*@desk,ann@desk ", "ann@desk,!bob@desk "])
    func names(all: String) async throws {
        try await TemporaryDirectory.during { directory in
            try await make(directory)
            let line = try directory.text("allowed_signers").split(separator: "\n").last ?? ""
            let names = line.replacing("ann@desk ", with: all)
            try directory.write("allowed_signers", "\(names)\n")
            #expect(try verified(try await signer(directory).sign(content), directory))
        }
    }

    @Test("cannot be signed without OpenSSH, and that is said")
    func withoutProgram() async throws {
        try await TemporaryDirectory.during { directory in
            try await make(directory)
            for name in ["sh", "env", "cat", "mktemp", "rm"] {
                let program = try LocalProgram("sh", "-c", "command -v \(name)").output.trimming(while: \.isNewline)
                try FileManager.default.createSymbolicLink(
                    atPath: directory.path(name), withDestinationPath: program)
            }
            var here = WithAgent()
            here.path = directory.path
            let store = ModelStore(
                url: Example.store.url, keyPath: "/k", knownHostsPath: "/h",
                signing: .init(signersPath: directory.path("allowed_signers"), keyPath: directory.path("id")))
            let signer = try #require(ModelSigner(Example.cluster(service: Service(models: store)), on: here))
            let problem = await #expect(throws: Problem.self) { try await signer.check() }
            #expect(problem?.why == "this computer has no ssh-keygen")
        }
    }
}

/// This computer, with another ssh-agent than that of who runs the tests, or none.
private struct WithAgent: Transport {
    var socket: String?
    /// nil for that of the tests.
    var path: String?

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        let variables = ["SSH_AUTH_SOCK=\(socket ?? "")"] + (path.map { ["PATH=\($0)"] } ?? [])
        var here = Command(["env"] + variables.map { Word($0) } + command.words)
        here.input = command.input
        return try await LocalTransport().run(here, onLine: onLine)
    }

    var traffic: Traffic { Traffic() }

    func close() async {}
}
