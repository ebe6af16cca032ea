import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@Suite("Packages")
struct PackagesTests {
    static let apt =
        """
        env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C apt-get -q -o DPkg::Lock::Timeout=300 -o \
        Acquire::Retries=3
        """
    private static let install =
        apt
            + """
             -y -o Dpkg::Options::=--force-confold --no-install-recommends --no-remove --allow-downgrades \
            --allow-change-held-packages install --
            """
    let tools = Packages(["curl", "gnupg"], by: .apt)
    private let kubernetes = Packages(
        ["kubelet", "kubeadm"], version: "1.20.2-", isHeld: true, title: "Kubernetes is installed", by: .apt)

    @Test("differ by what is missing, of another version, or not held")
    func differences() {
        #expect(tools.title == "curl, gnupg are installed")
        #expect(Packages(["curl"], by: .apt).title == "curl is installed")
        #expect(
            tools.texts([.package("curl"): .package(PackageState(installed: "7.88"))]) == ["gnupg is not installed"])
        let right = Answer.package(PackageState(installed: "1.20.2-1.1", isHeld: true))
        #expect(kubernetes.texts([.package("kubelet"): right, .package("kubeadm"): right]) == [])
        #expect(
            kubernetes.texts([
                .package("kubelet"): .package(PackageState(installed: "1.20.20-1.1", isHeld: true)),
                .package("kubeadm"): .package(PackageState(installed: "1.20.2-1.1")),
            ])
                == ["kubelet: 1.20.20-1.1 → 1.20.2-*", "kubeadm is not held"])
    }

    @Test("are installed at their version, and held")
    func installed() async throws {
        let (machine, transport) = Example.machine { _ in Output() }
        try await kubernetes.apply(to: machine)
        #expect(
            await transport.changes == [
                Self.install + " 'kubelet=1.20.2-*' 'kubeadm=1.20.2-*'", "apt-mark hold -- kubelet kubeadm",
            ])
        #expect(await transport.commands.allSatisfy(\.isAsRoot))
    }

    @Test(
        "are asked for again with fresh indices where those can help",
        arguments: [
            "E: Unable to locate package curl", "E: Version '1.2-*' for 'curl' was not found",
            "E: Package 'curl' has no installation candidate",
            "E: Failed to fetch http://x  404  Not Found", "E: Unable to fetch some archives",
            "The following packages have unmet dependencies:",
        ])
    func update(complaint: String) async throws {
        let transport = RefusingOnce(complaint)
        try await tools.apply(to: Machine(host: Example.host(), transport: transport))
        #expect(
            await transport.lines == [Self.install + " curl gnupg", Self.apt + " update", Self.install + " curl gnupg"])
    }

    @Test("are installed though the update complained about somebody else's repository")
    func brokenNeighbour() async throws {
        let transport = RefusingOnce(
            "E: Unable to locate package curl",
            update: .failed(100, "E: The repository 'http://gone' does not have a Release file."))
        try await tools.apply(to: Machine(host: Example.host(), transport: transport))
        #expect(await transport.lines.count == 3)
    }

    @Test("that are installed are not asked for again, whatever apt warned of")
    func warned() async throws {
        let (machine, transport) = Example.machine { _ in
            Output(
                standardOutput: [],
                standardError: Array("W: Failed to fetch http://x  404  Not Found\nW: Unable to fetch\n".utf8))
        }
        try await tools.apply(to: machine)
        #expect(await transport.changes == [Self.install + " curl gnupg"])
    }

    @Test("that dpkg cannot set up are not tried twice")
    func once() async {
        let (machine, transport) = Example.machine { _ in
            .failed(100, "E: Sub-process /usr/bin/dpkg returned an error code (1)")
        }
        await #expect(throws: Problem.self) { try await kubernetes.apply(to: machine) }
        #expect(await transport.changes.count == 1)
    }

    @Test("never take another away: what apt would remove is named, and left")
    func nothingIsRemoved() async {
        let said = """
            Reading package lists...
            The following packages will be REMOVED:
              containerd docker.io
              runc
            The following NEW packages will be installed:
              containerd.io
            """
        let (machine, transport) = Example.machine { _ in
            Output(
                standardOutput: Array(said.utf8),
                standardError: Array("E: Packages need to be removed but remove is disabled.".utf8),
                exit: .code(100))
        }
        let problem = await #expect(throws: Problem.self) { try await tools.apply(to: machine) }
        #expect(
            problem?.fix
                == """
                apt would have to remove containerd docker.io runc, and kubeforge removes nothing: check on kubnode \
                whether it is needed, remove it by hand (`sudo apt-get remove containerd docker.io runc`), and run \
                again
                """)
        #expect(await transport.changes.count == 1)
    }

    /// apt itself is asked, with a package that nobody has.
    @Test("that would take others away are known before, from what apt says", arguments: ["dash", "bash"])
    func removals(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let apt = """
                #!/bin/sh
                case "$*" in *containerd.io) ;; *) echo 'E: Unable to locate package' >&2; exit 100;; esac
                echo 'Remv docker.io [20.10.24+dfsg1-1]'
                echo 'Remv runc [1.1.5] [docker.io:amd64 ]'
                echo 'Inst containerd.io (2.2.1-1 Docker CE:bookworm [amd64])'
                """
            try directory.write("apt-get", apt, mode: 0o755)
            let transport = LocalTransport(shell: shell, programs: directory.path)
            func look(_ names: [String]) async throws -> Output {
                try await transport.run(Command("sh", "-c", Word(PackageManager.apt.removalsLook(names)))) { _ in }
            }
            #expect(try await look(["containerd.io"]).text == "docker.io\nrunc\n")
            #expect(try await !look(["nothing"]).isSuccess)
        }
    }

    @Test("go through the proxy by options of the one call, and its exceptions in the environment")
    func proxy() async throws {
        let (machine, transport) = Example.machine { _ in Output() }
        let proxy = Proxy(http: "http://p:3128", https: "http://s:3128", exceptions: ["10.0.0.1", ".x"])
        try await Packages(["curl"], by: .apt, proxy: proxy).apply(to: machine)
        let options = "apt-get -o Acquire::http::Proxy=http://p:3128 -o Acquire::https::Proxy=http://s:3128"
        let line = Self.install.replacing("apt-get", with: options)
        #expect(await transport.changes == ["env NO_PROXY=10.0.0.1,.x no_proxy=10.0.0.1,.x \(line) curl"])
    }
}

/// apt that refuses the first installation, and no later one.
private actor RefusingOnce: Transport {
    private let complaint: String
    private let update: Output
    private(set) var lines: [String] = []

    init(_ complaint: String, update: Output = Output()) {
        self.complaint = complaint
        self.update = update
    }

    var traffic: Traffic { Traffic() }

    func close() async {}

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        lines.append(command.line)
        if command.line.hasSuffix(" update") { return update }
        return lines.count == 1 ? .failed(100, complaint) : Output()
    }
}
