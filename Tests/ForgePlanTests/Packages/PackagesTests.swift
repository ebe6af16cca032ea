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
             -y -o Dpkg::Options::=--force-confold --no-install-recommends --no-remove install --
            """
    private static let exactly = install.replacing(
        "--no-remove", with: "--no-remove --allow-downgrades --allow-change-held-packages")
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
                Self.exactly + " 'kubelet=1.20.2-*' 'kubeadm=1.20.2-*'", "apt-mark hold -- kubelet kubeadm",
            ])
        #expect(await transport.commands.dropFirst().allSatisfy(\.isAsRoot))
    }

    @Test("that are there stay as they are, held or old, when another of them is missing")
    func onlyMissing() async throws {
        let (machine, transport) = Example.machine(answering: frame("curl|hi |7.88.1\ngnupg|rc |2.4\n")) { _ in Output()
        }
        try await tools.apply(to: machine)
        #expect(await transport.changes == [Self.install + " gnupg"], "apt would upgrade curl, too, were it named")
    }

    @Test("of one version are changed where they have another, and only held where they have it")
    func onlyWrong() async throws {
        func changes(_ kubeadm: String) async throws -> [String] {
            let states = frame("kubelet|ii |1.20.2-1.1\nkubeadm|ii |\(kubeadm)\n")
            let (machine, transport) = Example.machine(answering: states) { _ in Output() }
            try await kubernetes.apply(to: machine)
            return await transport.changes
        }
        let hold = "apt-mark hold -- kubelet kubeadm"
        #expect(try await changes("1.20.1-1.1") == [Self.exactly + " 'kubeadm=1.20.2-*'", hold])
        #expect(try await changes("1.20.2-1.1") == [hold])
    }

    /// apt itself is asked, with a repository of two packages that depend on each other's version.
    @Test("that somebody holds are not changed for what is missing, and are named")
    func held() async throws {
        try await TemporaryDirectory.during { directory in
            func package(_ name: String, _ version: String, _ more: String) -> String {
                """
                Package: \(name)
                Version: \(version)
                Architecture: all
                Maintainer: nobody
                Description: a package
                \(more)


                """
            }
            let status = package("engine", "1.0", "Status: hold ok installed")
            try directory.write("status", status)
            let there = ["Filename: engine.deb", "Size: 1", "SHA256: \(String(repeating: "0", count: 64))"]
            let plugin = ["Depends: engine (>= 2.0)", "Filename: plugin.deb"] + there.dropFirst()
            try directory.write(
                "repository/Packages",
                package("engine", "2.0", there.joined(separator: "\n"))
                    + package("plugin", "1.0", plugin.joined(separator: "\n")))
            try directory.write("sources.list", "deb [trusted=yes] file:\(directory.path("repository")) ./\n")
            let options = [
                "Dir::State=\(directory.path)", "Dir::State::status=\(directory.path("status"))",
                "Dir::Cache=\(directory.path)", "Dir::Etc=\(directory.path)", "APT::Sandbox::User=",
                "APT::Architecture=amd64",
            ]
            let configuration = try directory.write(
                "apt.conf", options.map { $0.replacing("=", with: " \"", maxReplacements: 1) + "\";\n" }.joined())
            try directory.write(
                "apt-get", "#!/bin/sh\nexport APT_CONFIG=\(configuration); exec /usr/bin/apt-get \"$@\"\n", mode: 0o755)
            try directory.write(
                "dpkg-query", "#!/bin/sh\nexec /usr/bin/dpkg-query --admindir=\(directory.path) \"$@\"\n", mode: 0o755)
            let transport = LocalTransport(programs: directory.path)
            _ = try await transport.run(Apt.update) { _ in }
            let machine = Machine(host: Example.host(), transport: transport)
            let problem = await #expect(throws: Problem.self) {
                try await Packages(["engine", "plugin"], by: .apt).apply(to: machine)
            }
            #expect(
                problem?.fix == """
                    what is to be installed needs another version of what is there (plugin : Depends: engine (>= 2.0) \
                    but 1.0 is to be installed), and somebody holds that, or the repositories do not have it: \
                    `apt-mark showhold` on kubnode lists what is held; allow a change with `sudo apt-mark unhold \
                    PACKAGE`, and run again
                    """, "\(problem?.description ?? "")")
        }
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
        if command.line == "sh -s" { return Output(frame("")) }
        lines.append(command.line)
        if command.line.hasSuffix(" update") { return update }
        return lines.count == 1 ? .failed(100, complaint) : Output()
    }
}
