import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeKubernetes

@Suite("A kubeconfig")
struct KubeconfigTests {
    private static let others = """
        apiVersion: v1
        kind: Config
        current-context: work
        clusters:
        - name: work
          cluster: {server: "https://work:6443", insecure-skip-tls-verify: true}
        - name: lab
          cluster: {server: "https://old:6443"}
        contexts:
        - name: work
          context: {cluster: work, user: me, namespace: "123"}
        users:
        - name: me
          user: {username: "0123", password: "1e5", token: "true"}
        extensions:
        - name: mine
        """

    private func merged(_ existing: String?, name: String = "lab") throws -> [String: Any] {
        try #require(try Yams.load(yaml: Kubeconfig.merge(Recorded.adminConfig(), into: existing, as: name)) as? [String: Any])
    }

    private func names(_ config: [String: Any], _ list: String) -> [String] {
        (config[list] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    @Test(
        "that is not there, or empty, becomes one with the cluster",
        arguments: [nil, "", "  \n", "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: null\nusers: null\ncurrent-context: \"\"\n"])
    func new(existing: String?) throws {
        let config = try merged(existing)
        #expect(["clusters", "contexts", "users"].map { names(config, $0) } == [["lab"], ["lab"], ["lab-admin"]])
        #expect(config["current-context"] as? String == "lab")
        #expect(config["kind"] as? String == "Config")
        let cluster = (config["clusters"] as? [[String: Any]])?.first?["cluster"] as? [String: String]
        #expect(cluster == ["server": "https://10.77.0.11:6443", "certificate-authority-data": "LS0tLS1CRUdJTg=="])
        #expect(
            (config["contexts"] as? [[String: Any]])?.first?["context"] as? [String: String] == ["cluster": "lab", "user": "lab-admin"])
    }

    @Test("goes to the address that the operator reaches, where that is another one")
    func outerServer() throws {
        let text = try Kubeconfig.merge(Recorded.adminConfig(), into: nil, as: "lab", server: "https://203.0.113.11:6443")
        let config = try #require(try Yams.load(yaml: text) as? [String: Any])
        let cluster = (config["clusters"] as? [[String: Any]])?.first?["cluster"] as? [String: String]
        #expect(cluster == ["server": "https://203.0.113.11:6443", "certificate-authority-data": "LS0tLS1CRUdJTg=="])
    }

    @Test("is planned with the operator's way to the control plane")
    func planned() throws {
        func step(_ way: String?) throws -> OperatorKubeconfig {
            let plan = try Example.plan(Example.cluster("1.36.2") { $0.hosts[0].access.address = way })
            let steps: [any Step] = plan.stages.flatMap(\.work).flatMap(\.steps)
            let names = steps.count { $0 is APIServerName }
            #expect(names == (way == "203.0.113.11" ? 1 : 0))
            return try #require(steps.compactMap { $0 as? OperatorKubeconfig }.first)
        }
        #expect(try step("203.0.113.11").server == "https://203.0.113.11:6443")
        #expect(try step(nil).server == nil)
        #expect(try step("127.0.0.1").server == nil)
    }

    @Test("keeps every other entry and the current context, and replaces the entry of that name")
    func others() throws {
        let config = try merged(Self.others)
        #expect(
            ["clusters", "contexts", "users", "extensions"].map { names(config, $0) } == [
                ["work", "lab"], ["work", "lab"], ["me", "lab-admin"], ["mine"],
            ])
        #expect(config["current-context"] as? String == "work")
        let user = (config["users"] as? [[String: Any]])?.first?["user"] as? [String: String]
        #expect(user == ["username": "0123", "password": "1e5", "token": "true"], "texts stay texts")
        let work = (config["clusters"] as? [[String: Any]])?.first?["cluster"] as? [String: Any]
        #expect(work?["insecure-skip-tls-verify"] as? Bool == true)
    }

    @Test("merged twice is the same as once")
    func twice() throws {
        let once = try Kubeconfig.merge(Recorded.adminConfig(), into: Self.others, as: "lab")
        #expect(try Kubeconfig.merge(Recorded.adminConfig(), into: once, as: "lab") == once)
    }

    @Test("that is broken is a problem", arguments: ["a: [", "- just\n- a list\n", "hello"])
    func broken(existing: String) {
        let problem = #expect(throws: Problem.self) { try merged(existing) }
        #expect(problem?.fix == "see `kubectl config view`; name another file with KUBECONFIG")
    }
}

@Suite("The operator's kubeconfig")
struct OperatorKubeconfigTests {
    private let admin: [Question: Answer] = [.contents("/etc/kubernetes/admin.conf"): .contents(Array(Recorded.adminConfig().utf8))]

    private func apply(_ path: String) async throws {
        let (machine, _) = Example.machine(Example.master, answering: frame(Recorded.adminConfig()))
        try await OperatorKubeconfig(cluster: "lab", path: path).apply(to: machine)
    }

    @Test("is made with its folder, readable by its owner alone, and is so afterwards")
    func new() async throws {
        try await TemporaryFolder.during { folder in
            let step = OperatorKubeconfig(cluster: "lab", path: folder.path("new/config"))
            #expect(step.title == "kubectl on this computer knows lab")
            #expect(step.texts(admin) == ["\(step.path) does not have the context lab"])
            try await apply(step.path)
            #expect(step.texts(admin) == [])
            #expect(try folder.mode("new/config") == 0o600)
            #expect(try folder.mode("new") == 0o700)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("new")) == ["config"])
        }
    }

    @Test("that kubectl has written again in its own layout is still so")
    func layout() async throws {
        try await TemporaryFolder.during { folder in
            let step = OperatorKubeconfig(cluster: "lab", path: folder.path("config"))
            try await apply(step.path)
            let loaded = try #require(try Yams.load(yaml: folder.text("config")) as? [String: Any])
            try folder.write("config", "# mine\n" + Yams.dump(object: loaded, indent: 4, width: 40, sortKeys: false))
            #expect(step.texts(admin) == [])
        }
    }

    @Test("that is a link stays one")
    func link() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("dotfiles", "apiVersion: v1\nkind: Config\n")
            try FileManager.default.createSymbolicLink(atPath: folder.path("config"), withDestinationPath: folder.path("dotfiles"))
            try await apply(folder.path("config"))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("config")) == folder.path("dotfiles"))
            #expect(try folder.text("dotfiles").contains("lab-admin"))
            #expect(try folder.mode("dotfiles") == 0o600)
        }
    }

    @Test("that is broken is left as it is")
    func broken() async throws {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("config", "a: [")
            #expect(OperatorKubeconfig(cluster: "lab", path: path).texts(admin) == ["\(path) cannot be read as a kubeconfig"])
            await #expect(throws: Problem.self) { try await apply(path) }
            #expect(try folder.text("config") == "a: [")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["config"])
        }
    }

    @Test("that cannot be written says what to do")
    func readOnly() async throws {
        let problem = await #expect(throws: Problem.self) { try await apply("/proc/nowhere/config") }
        #expect(problem?.what == "/proc/nowhere/config cannot be written")
        #expect(problem?.fix == "set KUBECONFIG to a file that you may write, and run again")
    }

    @Test("waits for the administrator's configuration")
    func early() {
        #expect(
            OperatorKubeconfig(cluster: "lab", path: "/nowhere").texts([.contents("/etc/kubernetes/admin.conf"): .contents(nil)]) == [
                "there is no administrator's configuration yet"
            ])
    }
}

@Suite("The login user's kubeconfig")
struct LoginKubeconfigTests {
    private let step = LoginKubeconfig(user: "ubuntu", home: "/home/ubuntu", group: "users")

    private func texts(_ own: FileState?, admin: FileState? = FileState(sha256: "a")) -> [String] {
        step.texts([.file("/etc/kubernetes/admin.conf"): .file(admin), .file("/home/ubuntu/.kube/config"): .file(own)])
    }

    @Test("is the administrator's, and the user's alone")
    func differences() {
        #expect(texts(FileState(mode: 0o600, owner: "ubuntu:users", sha256: "a")) == [])
        #expect(
            texts(FileState(mode: 0o644, owner: "ubuntu:users", sha256: "a")) == [
                "/home/ubuntu/.kube/config does not belong to ubuntu alone"
            ])
        #expect(
            texts(FileState(mode: 0o600, owner: "root:root", sha256: "a")) == ["/home/ubuntu/.kube/config does not belong to ubuntu alone"])
        #expect(texts(FileState(mode: 0o600, owner: "ubuntu:users", sha256: "b")) == ["/home/ubuntu/.kube/config is of another cluster"])
        #expect(texts(nil) == ["/home/ubuntu/.kube/config is missing"])
        #expect(texts(nil, admin: nil) == ["/etc/kubernetes/admin.conf is not there yet"])
    }

    @Test("is installed, and another one that is found there is kept beside it", arguments: ["dash", "bash"])
    func script(shell: String) async throws {
        try await TemporaryFolder.during { folder in
            let (machine, transport) = Example.machine(Example.master)
            try await step.apply(to: machine)
            let words = try #require(await transport.commands.last).words.map(\.text)
            let who = try await LocalProgram.run("id", ["-un"]).trimming(while: \.isNewline)
            let group = try await LocalProgram.run("id", ["-gn"]).trimming(while: \.isNewline)
            let admin = try folder.write("admin.conf", "new")
            let own = folder.path("a home/.kube/config")
            for _ in 0..<2 { try await LocalProgram.run(shell, ["-c", words[2], "sh", who, group, own, admin]) }
            #expect(try folder.text("a home/.kube/config") == "new")
            #expect(try folder.mode("a home/.kube/config") == 0o600)
            #expect(try folder.mode("a home/.kube") == 0o700)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("a home/.kube")) == ["config"])
            try folder.write("a home/.kube/config", "old")
            try await LocalProgram.run(shell, ["-c", words[2], "sh", who, group, own, admin])
            #expect(try folder.text("a home/.kube/config.before-kubeforge") == "old")
            #expect(try folder.text("a home/.kube/config") == "new")
        }
    }
}
