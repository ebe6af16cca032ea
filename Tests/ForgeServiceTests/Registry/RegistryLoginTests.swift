import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The login to a registry of one's own")
struct RegistryLoginTests {
    @Test("is the user and the password file of the inventory, where it has them")
    func ofInventory() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("password", "a:b \"c\"\nsecond line\n")
            let service = Service(
                registry: "registry.example:5000/team", registryLogin: .init(user: "robot", passwordPath: path))
            let step = try #require(
                try RegistryLogin.step(Example.cluster(service: service), to: "registry.example:5000/team") as? FileIs)
            #expect(step.title == "robot may push to registry.example:5000/team")
            #expect(step.file.path == "/var/lib/kubeforge/registries/registry.example:5000-7f60cdbd/config.json")
            #expect(step.file.mode == 0o600 && step.file.isSecret)
            let auth = Data("robot:a:b \"c\"".utf8).base64EncodedString()
            #expect(
                String(decoding: step.file.content, as: UTF8.self)
                    == #"{"auths":{"registry.example:5000":{"auth":"\#(auth)"}}}"# + "\n")
            for text in ["", "\n", "\nsecond line\n"] {
                try directory.write("password", text)
                let error = #expect(throws: Problem.self) {
                    try RegistryLogin.step(Example.cluster(service: service), to: "registry.example:5000/team")
                }
                #expect(error?.kind == .invalidInventory)
                #expect(error?.what == "\(path) has no password in its first line")
                #expect(error?.fix == "correct service: registry: passwordFile: in inventory/lab.yaml")
            }
        }
    }

    @Test("is another file for each user and each path of a host, for Docker's push as for what pods pull with")
    func places() async throws {
        try await TemporaryDirectory.during { directory in
            let password = try directory.write("password", "secret\n")
            func places(_ path: String, _ user: String?) async throws -> [String] {
                let cluster = Example.cluster(
                    service: Service(
                        registry: "harbor.example.org/\(path)",
                        registryLogin: user.map { .init(user: $0, passwordPath: password) }))
                let step = try RegistryLogin.step(cluster, to: cluster.imagePrefix)
                let host = ScriptedTransport { _ in Output("") }
                try await step.apply(to: Machine(host: Example.master, transport: host))
                let written = await host.commands.map { $0.line + $0.inputText }.joined()
                #expect(written.contains("\(cluster.registryLogin)/config.json"))
                let release = Release(of: try Example.context(), in: cluster)
                #expect(
                    ImageIsPushed(release, of: cluster).looks[0].contains("DOCKER_CONFIG=\(cluster.registryLogin) "))
                #expect(PullSecret(cluster).looks[0].contains("\(cluster.registryLogin)/config.json"))
                return [cluster.registryLogin]
            }
            let all =
                try await places("a", "robot-a") + places("b", "robot-b") + places("a", "robot-b") + places("a", nil)
            #expect(Set(all).count == 4)
            #expect(all.allSatisfy { $0.hasPrefix("/var/lib/kubeforge/registries/harbor.example.org-") })
        }
    }

    @Test("is Docker's own on the machine that builds, as `docker login` writes it")
    func ofDocker() async throws {
        try await DockerHome.during { home in
            try home.files.write(
                "docker.json",
                """
                {\n\t\"auths\": {\n\t\t\"registry.example:5000\": {\n\t\t\t\"auth\": \
                \"cm9ib3Q6cHc=\"\n\t\t},\n\t\t\"other.example\": {\"auth\":\"eA==\"}\n\t}\n}
                """
            )
            #expect(try home.look() == "other\n")
            try await home.apply()
            #expect(try home.written() == #"{"auths":{"registry.example:5000":{"auth":"cm9ib3Q6cHc="}}}"# + "\n")
            #expect(try home.files.mode("login/config.json") == 0o600)
            #expect(try home.look() == "same\n")
            try home.files.write("docker.json", #"{"auths":{"https://registry.example:5000/v2/":{"auth":"bmV3OnB3"}}}"#)
            #expect(try home.look() == "other\n")
            try await home.apply()
            #expect(
                try home.written() == #"{"auths":{"https://registry.example:5000/v2/":{"auth":"bmV3OnB3"}}}"# + "\n")
        }
    }

    @Test(
        "comes from the credential helper that Docker asks",
        arguments: [
            #"{"auths":{"registry.example:5000":{}},"credsStore":"test"}"#,
            """
            {\n  \"credHelpers\": {\n    \"other\": \"no\",\n    \"registry.example:5000\": \"test\"\n  },\n  \
            \"credsStore\": \"no\"\n}
            """,
        ])
    func ofHelper(config: String) async throws {
        try await DockerHome.during { home in
            try home.files.write("docker.json", config)
            let helper =
                #"#!/bin/sh"# + "\n"
                + #"read -r host || :; printf '{"ServerURL":"%s","Username":"robot","Secret":"a\\u0026b\\"c"}' "$host""#
            try home.files.write("docker-credential-test", helper + "\n", mode: 0o755)
            try await home.apply()
            let auth = Data("robot:a&b\"c".utf8).base64EncodedString()
            #expect(try home.written() == #"{"auths":{"registry.example:5000":{"auth":"\#(auth)"}}}"# + "\n")
            #expect(try home.look() == "same\n")
            // A token that is another one today.
            try home.files.write(
                "docker-credential-test", helper.replacing("a\\\\u0026b", with: "z") + "\n", mode: 0o755)
            #expect(try home.look() == "other\n")
        }
    }

    @Test("is not lost where the credential helper fails for a moment, and its words are told")
    func failingHelper() async throws {
        try await DockerHome.during { home in
            try home.files.write("docker.json", #"{"credsStore":"test"}"#)
            func helper(_ script: String) throws {
                try home.files.write("docker-credential-test", "#!/bin/sh\n\(script)\n", mode: 0o755)
            }
            try helper(#"echo '{"Username":"robot","Secret":"pw"}'"#)
            try await home.apply()
            let login = try home.written()
            try helper("echo 'no network'; exit 1")
            #expect(try home.look() == "docker-credential-test: no network\n")
            let problem = await #expect(throws: Problem.self) { try await home.apply() }
            #expect(problem?.why?.contains("docker-credential-test: no network") == true)
            try FileManager.default.removeItem(atPath: home.files.path("docker-credential-test"))
            #expect(try home.look() == "docker-credential-test: exit code 127\n")
            #expect(try home.written() == login)
            try helper("echo 'credentials not found in native keychain'; exit 1")
            try await home.apply()
            #expect(try home.written() == #"{"auths":{}}"# + "\n")
        }
    }

    @Test("is told as it is found, and why it cannot be read where it cannot")
    func differences() {
        let step = DockerLoginIsUsed(to: "registry.example:5000/team")
        #expect(step.differences(whenLookEnds: 0, "same") == [])
        let other = ["Docker's login has changed, or pods do not have it yet"]
        #expect(step.differences(whenLookEnds: 0, "other") == other)
        for word in ["same", "other", "docker-credential-test: no network"] {
            #expect(step.differences(whenLookEnds: 1, word) == ["Docker's login could not be read: \(word)"])
        }
    }

    @Test("goes to the machine as a secret, and what it was read from as its digest")
    func written() async throws {
        let config = #"{"auths":{"registry.example:5000":{"auth":"cm9ib3Q6cHc="}}}"#
        let host = ScriptedTransport { $0.line.contains("helper") ? Output("\n\(config)") : Output("") }
        try await DockerLoginIsUsed(to: "registry.example:5000/team").apply(
            to: Machine(host: Example.master, transport: host))
        let writes = await host.commands.dropFirst()
        #expect(writes.map(\.inputText) == [config + "\n", SHA256.hex(Array(config.utf8)) + "\n"])
        guard case .secret? = writes.first?.input else { throw Problem(what: "it is not sent as a secret") }
    }

    @Test("is none where Docker has none, which is a login, too")
    func none() async throws {
        try await DockerHome.during { home in
            #expect(try home.look() == "other\n")
            try await home.apply()
            #expect(try home.written() == #"{"auths":{}}"# + "\n")
            #expect(try home.look() == "same\n")
        }
    }

    @Test("has the name that Docker and the kubelet look it up by")
    func key() {
        #expect(DockerConfig.key(of: "registry.example:5000/team") == "registry.example:5000")
        #expect(DockerConfig.key(of: "docker.io/team") == "https://index.docker.io/v1/")
        #expect(DockerConfig.entry(ofHelper: #"{"Username":"<token>","Secret":"t"}"#) == ["identitytoken": "t"])
        #expect(DockerConfig.entry(ofHelper: "credentials not found in native keychain") == nil)
    }
}

/// root's Docker on this computer, with a directory of the test's for all of its files.
private struct DockerHome {
    let files: TemporaryDirectory

    static func during(_ body: (DockerHome) async throws -> Void) async throws {
        try await TemporaryDirectory.during { try await body(DockerHome(files: $0)) }
    }

    private var step: DockerLoginIsUsed {
        DockerLoginIsUsed(
            to: "registry.example:5000/team", directory: files.path("login"), config: files.path("docker.json"))
    }

    func look() throws -> String {
        try LocalProgram("sh", "-c", "PATH=\(files.path):$PATH\n{ \(step.look)\n} 2>/dev/null").output
    }

    func written() throws -> String { try files.text("login/config.json") }

    /// With the host's commands run here; files that it writes belong to whoever runs the test.
    func apply() async throws {
        let path = files.path
        let transport = ScriptedTransport { command in
            let own = "\(NSUserName()):\(NSUserName())"
            let words = command.words.map { $0.text == "root:root" ? own : $0.text }
            var input: [UInt8] = []
            if case .secret(let bytes) = command.input { input = bytes }
            if case .bytes(let bytes) = command.input { input = bytes }
            let line = "PATH=\(path):$PATH; export PATH; " + Command(words.map { Word($0) }).line
            guard let run = try? LocalProgram("sh", "-c", line, input: input) else { return nil }
            return Output(
                standardOutput: Array(run.output.utf8),
                standardError: Array(run.exitCode == 0 ? "".utf8 : run.output.utf8),
                exit: .code(Int(run.exitCode)))
        }
        try await step.apply(to: Machine(host: Example.master, transport: transport))
    }
}
