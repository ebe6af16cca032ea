import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("The login user's kubeconfig")
struct UserKubeconfigTests {
    private let step = UserKubeconfig(
        user: "ubuntu", home: "/home/ubuntu", group: "users", cluster: "lab", server: "https://10.77.0.11:6443")
    private static let path = "/home/ubuntu/.kube/config"

    private func answers(_ own: String?, _ state: FileState? = nil, admin: String? = Recorded.adminConfig())
        -> [Question: Answer]
    {
        let size = own?.utf8.count ?? 0
        let there = own.map { _ in state ?? FileState(mode: 0o600, owner: "ubuntu:users", size: size) }
        return [
            .file("/etc/kubernetes/admin.conf"): .file(admin.map { _ in FileState() }), .file(Self.path): .file(there),
            .contents("/etc/kubernetes/admin.conf"): .contents(admin.map { Array($0.utf8) }),
            .contents(Self.path): .contents(own.map { Array($0.utf8) }),
        ]
    }

    private let namespaced = Recorded.adminConfig().replacing(
        "    user: kubernetes-admin\n", with: "    namespace: mlops\n    user: kubernetes-admin\n")
    private let second = Recorded.adminConfig()
        .replacing(
            "contexts:\n",
            with:
                """
                - cluster: {server: \"https://second:6443\"}\n  name: second\ncontexts:\n- {name: second, context: \
                {cluster: second}}\n
                """
        )

    @Test(
        "is the administrator's, and the user's alone; a namespace or a second cluster in it is nobody else's business")
    func differences() {
        for own in [Recorded.adminConfig(), namespaced, second] { #expect(step.texts(answers(own)) == []) }
        let notAlone = ["\(Self.path) does not belong to ubuntu alone"]
        let admin = Recorded.adminConfig()
        #expect(
            step.texts(answers(admin, FileState(mode: 0o644, owner: "ubuntu:users", size: admin.utf8.count)))
                == notAlone)
        #expect(
            step.texts(answers(admin, FileState(mode: 0o600, owner: "root:root", size: admin.utf8.count))) == notAlone)
        #expect(
            step.texts(answers(admin, FileState(kind: .symlink, mode: 0o777, owner: "ubuntu:users", size: 8))) == [])
        #expect(step.texts(answers(nil)) == ["\(Self.path) is missing"])
        #expect(step.texts(answers(nil, admin: nil)) == ["/etc/kubernetes/admin.conf is not there yet"])
    }

    @Test("of a cluster that was made anew at that address is replaced, and says so")
    func again() async throws {
        let old = Recorded.adminConfig(authority: Recorded.pem("CERTIFICATE", "MIIolder"))
        #expect(
            step.texts(answers(old)) == [
                "\(Self.path): has the credentials of an earlier cluster at https://10.77.0.11:6443"
            ])
        #expect(try await written(over: old) == Recorded.adminConfig())
    }

    @Test("with other clusters gets this one beside them")
    func others() async throws {
        #expect(step.texts(answers(KubeconfigTests.others)) == ["\(Self.path): does not have the context lab"])
        let text = try await written(over: KubeconfigTests.others)
        #expect(text == (try Kubeconfig(merging: KubeconfigTests.entries(), into: KubeconfigTests.others).text))
        #expect(step.texts(answers(text)) == [])
    }

    @Test("that holds another cluster of that name, or could not be read as a whole, is left as it is")
    func refused() async throws {
        let foreign = "clusters:\n- name: lab\n  cluster: {server: \"https://192.0.2.9:6443\"}\n"
        #expect(
            step.texts(answers(foreign)) == [
                """
                \(Self.path): lab cannot be added to your kubeconfig; it was not changed: the cluster lab in it is \
                another one, at https://192.0.2.9:6443
                """
            ])
        await #expect(throws: Problem.self) { try await written(over: foreign) }
        let large = answers(KubeconfigTests.others, FileState(mode: 0o600, owner: "ubuntu:users", size: 2 << 20))
        #expect(step.texts(large) == ["\(Self.path): it could not be read in full"])
    }

    /// What is written where `own` stands.
    private func written(over own: String) async throws -> String {
        let (machine, transport) = Example.machine(Example.master, answering: Self.frames(own))
        try await step.apply(to: machine)
        guard case .secret(let bytes)? = await transport.commands.last?.input else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As a machine answers the step's four questions.
    private static func frames(_ own: String?) -> String {
        let admin = Recorded.adminConfig()
        let there = own == nil ? "0" : "0 1"
        let states = ([admin] + (own.map { [$0] } ?? [])).map { "regular file|600|ubuntu:users|\($0.utf8.count)|0" }
            .joined(separator: "\n")
        let sums = (own == nil ? ["a"] : ["a", "b"]).joined(separator: "\n")
        return frame(" " + there) + frame(" " + there) + frame(states) + frame(sums) + frame(admin)
            + (own.map { frame($0) } ?? frame("", code: 1))
    }

    /// Runs the step's own script for this user's file at `path`, with `input` as its content.
    private func install(_ path: String, reading input: String, shell: String) async throws {
        let (machine, transport) = Example.machine(Example.master, answering: Self.frames(nil))
        try await step.apply(to: machine)
        let words = try #require(await transport.commands.last).words.map(\.text)
        let who = try await LocalProgram.run("id", ["-un"]).trimming(while: \.isNewline)
        let group = try await LocalProgram.run("id", ["-gn"]).trimming(while: \.isNewline)
        let script = "exec < \(input.shellQuoted)\n" + words[2]
        try await LocalProgram.run(shell, ["-c", script, "sh", who, group, path])
    }

    @Test("is installed, and what was found there first is kept beside it, once", arguments: ["dash", "bash"])
    func script(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let own = directory.path("a home/.kube/config")
            func install(_ text: String) async throws {
                try await self.install(own, reading: try directory.write("input", text), shell: shell)
            }
            func names() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: directory.path("a home/.kube")).sorted()
            }
            for _ in 0..<2 { try await install("new") }
            #expect(try directory.text("a home/.kube/config") == "new")
            #expect(try directory.mode("a home/.kube/config") == 0o600)
            #expect(try directory.mode("a home/.kube") == 0o700)
            #expect(try names() == ["config"])
            try directory.write("a home/.kube/config", "theirs", mode: 0o640)
            try await install("second")
            try directory.write("a home/.kube/config", "theirs again")
            try await install("third")
            #expect(try directory.text("a home/.kube/config.before-kubeforge") == "theirs")
            #expect(try directory.text("a home/.kube/config") == "third")
            #expect(try names() == ["config", "config.before-kubeforge"])
            try FileManager.default.moveItem(atPath: own, toPath: directory.path("a home/kept"))
            symlink("../kept", own)
            try await install("fourth")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: own) == "../kept")
            #expect(try directory.text("a home/kept") == "fourth")
        }
    }

    @Test("leaves a directory that ~/.kube only leads to as it is, and removes what a killed write has left")
    func elsewhere() async throws {
        try await TemporaryDirectory.during { directory in
            try FileManager.default.createDirectory(
                atPath: directory.path("shared"), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o775])
            for name in ["config.kubeforge.77", "config.kubeforge.77.copy", "config.kubeforge.mine"] {
                try directory.write("shared/\(name)", "left")
            }
            for (link, target) in [("home", "shared"), ("second", "new")] {
                try FileManager.default.createDirectory(
                    atPath: directory.path(link), withIntermediateDirectories: true)
                symlink("../\(target)", directory.path("\(link)/.kube"))
                try await install(directory.path("\(link)/.kube/config"), reading: "/dev/null", shell: "sh")
            }
            #expect(try directory.mode("shared") == 0o775)
            #expect(try directory.mode("new") == 0o700)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path("shared")).sorted() == [
                    "config", "config.kubeforge.mine",
                ])
        }
    }
}
