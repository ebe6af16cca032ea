import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing
import Yams

@testable import ForgeKubernetes

@Suite("The operator's kubeconfig")
struct OperatorKubeconfigTests {
    private let admin: [Question: Answer] = [
        .contents("/etc/kubernetes/admin.conf"): .contents(Array(Recorded.adminConfig().utf8))
    ]
    private let noAdmin: [Question: Answer] = [.contents("/etc/kubernetes/admin.conf"): .contents(nil)]

    private func step(_ path: String) -> OperatorKubeconfig {
        OperatorKubeconfig(cluster: "lab", path: path, host: Example.master)
    }

    private func apply(_ path: String, _ text: String = Recorded.adminConfig()) async throws {
        let (machine, _) = Example.machine(Example.master, answering: frame(text))
        try await step(path).apply(to: machine)
    }

    private func finding(_ path: String, _ answers: [Question: Answer]) -> Problem? {
        let fits = OperatorKubeconfigFits(step: step(path))
        let differences = fits.differences(given: Answers(answers))
        return differences.isEmpty ? nil : fits.finding(differences, on: Example.master)
    }

    @Test("is made with its directory, readable by its owner alone, and is so afterwards")
    func new() async throws {
        try await TemporaryDirectory.during { directory in
            let step = step(directory.path("new/config"))
            #expect(step.title == "kubectl on this computer knows lab")
            #expect(
                step.texts(admin) == [
                    "\(step.path): does not have the context lab", "\(step.path): current-context: none → lab",
                ])
            try await apply(step.path)
            #expect(step.texts(admin) == [])
            #expect(try directory.mode("new/config") == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("new")) == ["config"])
        }
    }

    @Test("that kubectl has written again in its own layout is still so")
    func layout() async throws {
        try await TemporaryDirectory.during { directory in
            let step = step(directory.path("config"))
            try await apply(step.path)
            let loaded = try #require(try Yams.load(yaml: directory.text("config")) as? [String: Any])
            try directory.write("config", "# mine\n" + Yams.dump(object: loaded, indent: 4, width: 40, sortKeys: false))
            #expect(step.texts(admin) == [])
        }
    }

    @Test("is changed where others have entries of their own, which stay, and is kept beside it as it was")
    func others() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", KubeconfigTests.others)
            #expect(finding(path, admin) == nil)
            try await apply(path)
            #expect(try directory.text("config.before-kubeforge") == KubeconfigTests.others)
            let text = try directory.text("config")
            #expect(text.contains("password: 12345e67"))
        }
    }

    @Test("takes nothing of a machine that says more than it should")
    func hostile() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", KubeconfigTests.others)
            let text = Recorded.adminConfig().replacing(
                "    client-key-data", with: "    exec: {command: /bin/sh}\n    client-key-data")
            let answers: [Question: Answer] = [.contents("/etc/kubernetes/admin.conf"): .contents(Array(text.utf8))]
            #expect(
                finding(path, answers)?.what
                    == "/etc/kubernetes/admin.conf of lab's control plane was rejected: it holds \"exec\"")
            #expect(
                finding(path, answers)?.fix == """
                    do you trust this machine? If so, move its /etc/kubernetes/admin.conf away and recreate it there: \
                    sudo kubeadm init phase kubeconfig admin
                    """)
            #expect(step(path).texts(answers).first?.contains("was rejected: it holds \"exec\"") == true)
            await #expect(throws: Problem.self) { try await apply(path, text) }
            #expect(try directory.text("config") == KubeconfigTests.others)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["config"])
        }
    }

    @Test(
        """
        that is broken, or holds another cluster of that name, is refused before anything is changed, with an \
        admin.conf and without
        """
    )
    func refused() async throws {
        try await TemporaryDirectory.during { directory in
            let foreign = "clusters:\n- name: lab\n  cluster: {server: \"https://192.0.2.9:6443\"}\n"
            for (text, what) in [
                ("a: [", "your kubeconfig could not be read; it was not changed"),
                (foreign, "lab cannot be added to your kubeconfig; it was not changed"),
            ] {
                let path = try directory.write("config", text)
                for answers in [admin, noAdmin] { #expect(finding(path, answers)?.what == what) }
                await #expect(throws: Problem.self) { try await apply(path) }
                #expect(try directory.text("config") == text)
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["config"])
            }
        }
    }

    @Test("that cannot be read or written is refused before anything is changed")
    func obstacle() async throws {
        let problem = await #expect(throws: Problem.self) { try await apply("/proc/nowhere/config") }
        #expect(problem?.what == "/proc/nowhere/config could not be changed; it was left untouched")
        #expect(problem?.fix == "make it a file that you may write, or set KUBECONFIG to another file, and run again")
        #expect(finding("/dev/null/config", admin)?.why?.hasSuffix("Not a directory") == true)
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", " \n")
            #expect(finding(directory.path("new/config"), noAdmin) == nil)
            #expect(finding(path, noAdmin) == nil)
        }
    }

    @Test("that is somebody else's is refused before anything is changed", .enabled(if: geteuid() == 0))
    func somebodys() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("config", KubeconfigTests.others, mode: 0o644)
            await #expect(processExitsWith: .success) { [path = path as String] in
                guard setgid(65534) == 0, setuid(65534) == 0 else { throw Problem(what: "it stays root") }
                let fits = OperatorKubeconfigFits(
                    step: OperatorKubeconfig(cluster: "lab", path: path, host: Example.master))
                let found = fits.differences(given: Answers([.contents("/etc/kubernetes/admin.conf"): .contents(nil)]))
                guard found.map(\.text).contains("it belongs to user ID 0") else {
                    throw Problem(what: "\(found)")
                }
            }
        }
    }

    @Test("waits for the administrator's configuration")
    func early() {
        #expect(step("/nowhere").texts(noAdmin) == ["there is no administrator's configuration yet"])
    }

    @Test("is planned with the operator's way to the control plane, and looked at before anything is changed")
    func planned() throws {
        func steps(_ way: String?) throws -> (OperatorKubeconfig, OperatorKubeconfig) {
            let plan = try Example.plan(Example.cluster("1.36.2") { $0.hosts[0].access.address = way })
            let steps: [any Step] = plan.stages.flatMap(\.work).flatMap(\.steps)
            let names = steps.count { $0 is APIServerName }
            #expect(names == (way == "203.0.113.11" ? 1 : 0))
            let first: [any Step] = plan.stages[0].work.flatMap(\.steps)
            return (
                try #require(steps.compactMap { $0 as? OperatorKubeconfig }.first),
                try #require(first.compactMap { $0 as? OperatorKubeconfigFits }.first).step
            )
        }
        for (way, outer) in [
            ("203.0.113.11", "https://203.0.113.11:6443"), (nil, "https://10.77.0.11:6443"),
            ("127.0.0.1", "https://10.77.0.11:6443"),
        ] {
            let (step, early) = try steps(way)
            #expect(step.outerServer == outer)
            #expect(step.server == "https://10.77.0.11:6443")
            #expect(early.outerServer == outer)
        }
    }
}
