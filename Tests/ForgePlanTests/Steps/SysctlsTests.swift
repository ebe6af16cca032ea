import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("Kernel settings")
struct SysctlsTests {
    private let step = Sysctls(
        ["net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"], title: "packets are forwarded")
    private static let path = "/etc/sysctl.d/zz-kubeforge.conf"
    private static let old = "/etc/sysctl.d/99-kubeforge.conf"
    private static let text = "net.bridge.bridge-nf-call-iptables = 1\nnet.ipv4.ip_forward = 1\n"

    private func texts(forward: String?, bridge: String?, file: FileState?, old: FileState? = nil, boot: String = "")
        throws -> [String]
    {
        step.texts([
            .sysctl("net.ipv4.ip_forward"): .sysctl(forward),
            .sysctl("net.bridge.bridge-nf-call-iptables"): .sysctl(bridge),
            .file(Self.path): .file(file), .file(Self.old): .file(old),
            try #require(step.questions.last): .command(CommandState(text: boot)),
        ])
    }

    @Test("hold now and after a reboot")
    func differences() throws {
        let file = FileState(sha256: SHA256.hex(Self.text))
        #expect(try texts(forward: "1", bridge: "1", file: file) == [])
        #expect(
            try texts(forward: "0", bridge: nil, file: nil)
                == [
                    "net.bridge.bridge-nf-call-iptables: not there → 1", "net.ipv4.ip_forward: 0 → 1",
                    "\(Self.path) is missing",
                ])
        #expect(try texts(forward: "1", bridge: "1", file: file, old: FileState()) == ["\(Self.old) is still there"])
    }

    /// As systemd-sysctl 252 prints them on Debian 12.
    private static let hardened = """
        # /usr/lib/sysctl.d/50-default.conf
        # /etc/sysctl.d/99-kubeforge.conf
        net.ipv4.ip_forward = 1
        # /etc/sysctl.d/99-sysctl.conf
        net/ipv4/ip_forward=0
        -net.bridge.bridge-nf-call-iptables=0
        """

    @Test("are those of the file that is read last, in all forms that a line can have")
    func boot() throws {
        let file = FileState(sha256: SHA256.hex(Self.text))
        #expect(
            try texts(forward: "1", bridge: "1", file: file, boot: Self.hardened) == [
                "/etc/sysctl.d/99-sysctl.conf sets net.bridge.bridge-nf-call-iptables to 0 at boot",
                "/etc/sysctl.d/99-sysctl.conf sets net.ipv4.ip_forward to 0 at boot",
            ])
        #expect(
            try texts(forward: "1", bridge: "1", file: file, boot: Self.hardened + "\n# \(Self.path)\n\(Self.text)")
                == [])
        let alias = "# \(Self.path)\n\(Self.text)# /etc/sysctl.d/zzz.conf\nnet.ipv4.conf.all.forwarding=0"
        #expect(
            try texts(forward: "1", bridge: "1", file: file, boot: alias) == [
                "/etc/sysctl.d/zzz.conf sets net.ipv4.ip_forward to 0 at boot"
            ])
        let windows = Self.hardened.replacing("ip_forward=0\n", with: "ip_forward=0\r\n")
        #expect(
            try texts(forward: "1", bridge: "1", file: file, boot: windows).last
                == "/etc/sysctl.d/99-sysctl.conf sets net.ipv4.ip_forward to 0 at boot")
        let comment = Self.hardened.replacing("net/ipv4", with: "# /etc/sysctl.conf - Configuration file\nnet/ipv4")
        #expect(
            try texts(forward: "1", bridge: "1", file: file, boot: comment).last?.hasPrefix(
                "/etc/sysctl.d/99-sysctl.conf sets") == true)
        let other = "# /etc/sysctl.d/zzz.conf\nnet.ipv4/ip_forward = 0\n"
        #expect(try texts(forward: "1", bridge: "1", file: file, boot: other) == [], "that is the key ipv4.ip_forward")
        #expect(Self.path > Self.old)
        #expect("zz-kubeforge.conf" > "99-sysctl.conf")
    }

    @Test("have values that may have an equals sign themselves")
    func equalsSign() throws {
        let step = Sysctls(["kernel.core_pattern": "|/x a=b"], title: "cores are kept")
        let boot = "# /etc/sysctl.d/zzz.conf\nkernel.core_pattern=|/x a=c\n"
        let texts = step.texts([
            .sysctl("kernel.core_pattern"): .sysctl("|/x a=b"),
            try #require(step.questions.last): .command(CommandState(text: boot)),
        ])
        #expect(
            texts == [
                "\(Self.path) is missing", "/etc/sysctl.d/zzz.conf sets kernel.core_pattern to |/x a=c at boot",
            ])
    }

    @Test("are asked, written and told in one order, whatever the order of a dictionary is")
    func order() throws {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"].map { "kernel.\($0)" }
        let step = Sysctls(Dictionary(names.map { ($0, "2") }) { first, _ in first }, title: "many")
        #expect(Array(step.questions.prefix(8)) == names.map { Question.sysctl($0) })
        let file = FileState(sha256: SHA256.hex(names.map { "\($0) = 2\n" }.joined()))
        let boot = "# /etc/sysctl.d/zzz.conf\n" + names.map { "\($0) = 3\n" }.joined()
        var answers: [Question: Answer] = [.file(Self.path): .file(file)]
        answers[try #require(step.questions.last)] = .command(CommandState(text: boot))
        for name in names { answers[.sysctl(name)] = .sysctl("1") }
        let now = names.map { "\($0): 1 → 2" }
        let later = names.map { "/etc/sysctl.d/zzz.conf sets \($0) to 3 at boot" }
        #expect(step.texts(answers) == now + later)
    }

    @Test("are written in one order, and read from there; an older file of ours goes")
    func apply() async throws {
        let (machine, transport) = Example.machine(answering: "0 0\n\n") { _ in Output() }
        try await step.apply(to: machine)
        let changes = await transport.commands.filter { !$0.inputText.contains("frame()") }
        #expect(
            changes == [
                RemoteFile(Self.path, Self.text).write, Command("rm", "-f", "--", Word(Self.old)).asRoot(),
                Command("sysctl", "-p", Word(Self.path)).asRoot(),
            ])
    }

    @Test("that a file of others overrules name that file")
    func overruled() async throws {
        let boot = "# \(Self.path)\n\(Self.text)# /etc/sysctl.d/zzz-cis.conf\nnet.ipv4.ip_forward = 0"
        let (machine, _) = Example.machine(answering: "0 \(boot.utf8.count)\n\(boot)\n") { _ in Output() }
        await #expect(
            throws: Problem(
                what: "kubnode: a file of its own overrides \(Self.path) at the next boot",
                why: "/etc/sysctl.d/zzz-cis.conf sets net.ipv4.ip_forward to 0 at boot",
                fix: "remove these lines there, or rename that file so that it sorts first")
        ) { try await step.apply(to: machine) }
    }

    /// Not only our idea of it: systemd's own program reads the files of this computer.
    @Test("are asked of systemd-sysctl", arguments: Shell.all)
    func look(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "systemd-sysctl",
                """
                #!/bin/sh\n[ \"$1\" = --cat-config ] && cat <<'E'\n\(Self.hardened)\n# /etc/sysctl.conf - \
                Configuration file for setting system variables\n# a comment = 1\n\nE\n
                """,
                mode: 0o755)
            let question = try #require(step.questions.last)
            let answers = try await LocalTransport(shell: shell, programs: directory.path).look(question)
            #expect(answers[question] == .command(CommandState(text: Self.hardened)))
        }
        let real = Question.command("PATH=$PATH:/usr/lib/systemd:/lib/systemd systemd-sysctl --cat-config")
        let answers = try await LocalTransport(shell: shell).look(real)
        guard case .command(let state)? = answers[real] else {
            Issue.record("a command has no answer")
            return
        }
        #expect(state.exitCode == 127 || state.text.contains("# /"))
    }
}

@Suite("Least values of kernel settings")
struct SysctlMinimumsTests {
    private let step = SysctlMinimums(["fs.inotify.max_user_instances": 8192], title: "many programs may watch files")
    private static let path = "/etc/sysctl.d/10-kubeforge.conf"
    private static let file = FileState(sha256: SHA256.hex("fs.inotify.max_user_instances = 8192\n"))

    private func texts(_ now: String, boot: String = "") throws -> [String] {
        step.texts([
            .sysctl("fs.inotify.max_user_instances"): .sysctl(now), .file(Self.path): .file(Self.file),
            try #require(step.questions.last): .command(CommandState(text: boot)),
        ])
    }

    @Test("are kept where they are higher, or somebody has set them on purpose")
    func differences() throws {
        #expect(try texts("128") == ["fs.inotify.max_user_instances: 128 → 8192"])
        #expect(try texts("8192") == [])
        #expect(try texts("16384") == [])
        let ours = "# \(Self.path)\nfs.inotify.max_user_instances = 8192\n"
        #expect(try texts("128", boot: ours).count == 1)
        #expect(
            try texts("1024", boot: ours + "# /etc/sysctl.d/60-mine.conf\nfs.inotify.max_user_instances = 1024\n") == []
        )
    }

    /// A machine that has these values now, and these lines of files at boot; what is run there.
    private func apply(instances: String, watches: String, boot: String = "") async throws -> [Command] {
        let step = SysctlMinimums(
            ["fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 1_048_576], title: "many")
        let root = "/proc/sys/fs/inotify/max_user_"
        let kernel = "\(root)instances:\(instances)\n\(root)watches:\(watches)"
        let files = frame("") + frame("") + frame("") + frame("")
        let (machine, transport) = Example.machine(answering: files + frame(kernel) + frame(boot)) { _ in Output() }
        try await step.apply(to: machine)
        return await transport.commands.filter { $0.line != "sh -s" }
    }

    private static let whole = RemoteFile(
        path, "fs.inotify.max_user_instances = 8192\nfs.inotify.max_user_watches = 1048576\n"
    ).write

    private func set(_ setting: String) -> Command { Command("sysctl", "-w", Word(setting)).asRoot() }

    @Test("are all written for the next boot, and set now where they are lower: nothing is made lower")
    func applied() async throws {
        #expect(
            try await apply(instances: "128", watches: "65536") == [
                Self.whole, set("fs.inotify.max_user_instances=8192"), set("fs.inotify.max_user_watches=1048576"),
            ])
        #expect(
            try await apply(instances: "128", watches: "2097152") == [
                Self.whole, set("fs.inotify.max_user_instances=8192"),
            ])
        #expect(try await apply(instances: "8192", watches: "1048576") == [Self.whole])
    }

    @Test("are not set where somebody's own file says otherwise, and are where only kubeforge's says it")
    func appliedBesideOthers() async throws {
        let ours = "# \(Self.path)\nfs.inotify.max_user_instances = 8192\nfs.inotify.max_user_watches = 1048576\n"
        let theirs = "# /etc/sysctl.d/60-mine.conf\nfs.inotify.max_user_watches = 1024"
        #expect(
            try await apply(instances: "128", watches: "1024", boot: ours + theirs) == [
                Self.whole, set("fs.inotify.max_user_instances=8192"),
            ])
    }

    @Test("count as nothing where the kernel does not have them")
    func missing() async throws {
        let step = SysctlMinimums(["kernel.new": 1], title: "new")
        #expect(step.texts([:]) == ["kernel.new: not there → 1", "\(Self.path) is missing"])
        let files = frame("") + frame("") + frame("") + frame("")
        let (machine, transport) = Example.machine(answering: files + frame("") + frame("")) { _ in Output() }
        try await step.apply(to: machine)
        #expect(await transport.changes.last == "sysctl -w kernel.new=1")
    }

    @Test("are asked, told and set in one order, whatever the order of a dictionary is")
    func order() async throws {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"].map { "kernel.\($0)" }
        let step = SysctlMinimums(Dictionary(names.map { ($0, 2) }) { first, _ in first }, title: "many")
        let file = FileState(sha256: SHA256.hex(names.map { "\($0) = 2\n" }.joined()))
        var answers: [Question: Answer] = [.file(Self.path): .file(file)]
        answers[try #require(step.questions.last)] = .command(CommandState(text: ""))
        for name in names { answers[.sysctl(name)] = .sysctl("1") }
        #expect(step.texts(answers) == names.map { "\($0): 1 → 2" })
        #expect(Array(step.questions.prefix(8)) == names.map { Question.sysctl($0) })
        let kernel = names.map { "/proc/sys/\($0.replacing(".", with: "/")):1" }.joined(separator: "\n")
        let files = frame("") + frame("") + frame("") + frame("")
        let (machine, transport) = Example.machine(answering: files + frame(kernel) + frame("")) { _ in Output() }
        try await step.apply(to: machine)
        let changes = await transport.changes
        #expect(Array(changes.dropFirst()) == names.map { "sysctl -w \($0)=2" })
    }
}
