import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("A unit")
struct UnitTests {
    private static let config = "/etc/containerd/config.toml"
    private let step = Unit("containerd.service", runningSince: [config])

    private func answers(_ unit: UnitState, modified: Int? = 100) -> [Question: Answer] {
        [.unit("containerd.service"): .unit(unit), .file(Self.config): .file(modified.map { FileState(modified: $0) })]
    }

    @Test("runs, starts at boot, and was started after its files changed")
    func differences() {
        let good = UnitState(active: "active", enabled: "enabled", since: 200)
        #expect(step.texts(answers(good)) == [])
        #expect(step.texts(answers(good, modified: nil)) == [])
        #expect(
            step.texts(answers(good, modified: 300)) == [
                "containerd.service has not been restarted since \(Self.config) changed"
            ])
        #expect(
            step.texts(answers(UnitState(active: "failed", enabled: "disabled"))) == [
                "containerd.service: failed → active", "containerd.service does not start at boot (disabled)",
            ])
        #expect(
            step.texts(answers(UnitState(load: "not-found"))) == [
                "containerd.service: not there → active", "containerd.service does not start at boot (no unit file)",
            ])
        #expect(
            step.texts(answers(UnitState(load: "masked", active: "inactive", enabled: "masked"))) == [
                "containerd.service: inactive → active", "containerd.service does not start at boot (masked)",
            ])
    }

    @Test("that was not restarted names the first of its files that changed")
    func several() {
        let step = Unit("a.service", runningSince: ["/etc/a", "/etc/b", "/etc/c", "/etc/d"])
        func texts(since: Int?, _ modified: Int) -> [String] {
            step.texts([
                .unit("a.service"): .unit(UnitState(active: "active", enabled: "enabled", since: since)),
                .file("/etc/b"): .file(FileState(modified: modified)),
                .file("/etc/c"): .file(FileState(modified: modified)),
            ])
        }
        let changed = ["a.service has not been restarted since /etc/b changed"]
        #expect(texts(since: 200, 300) == changed)
        #expect(texts(since: 200, 100) == [])
        #expect(texts(since: nil, 0) == changed, "nobody knows since when it runs")
    }

    /// Both clocks tick in whole seconds: a change in the second of the start may have come after it.
    @Test("started in the second in which a file changed does not count as restarted")
    func sameSecond() {
        #expect(
            step.texts(answers(UnitState(active: "active", enabled: "enabled", since: 100), modified: 100)).count == 1)
        #expect(step.texts(answers(UnitState(active: "active", enabled: "enabled", since: 101), modified: 100)).isEmpty)
    }

    @Test(
        "of a kind that cannot be enabled counts as starting at boot",
        arguments: ["enabled", "static", "alias", "indirect"])
    func atBoot(enabled: String) {
        #expect(StartsAtBoot("a.service").texts([.unit("a.service"): .unit(UnitState(enabled: enabled))]) == [])
    }

    @Test(
        "is restarted when it must be, and left alone when it only has to be enabled",
        arguments: [
            ("active", 200, "start"), ("active", 50, "restart"), ("failed", 200, "restart"),
            ("inactive", 200, "restart"),
        ])
    func apply(active: String, since: Int, verb: String) async throws {
        let time = since == 200 ? "Thu 1970-01-01 00:03:20 UTC" : "Thu 1970-01-01 00:00:50 UTC"
        let look =
            frame(" 0") + frame(" 0") + frame("regular file|644|root:root|1|100") + frame("\(SHA256.hex("x"))  /etc/x")
            + frame("LoadState=loaded\nActiveState=\(active)\nUnitFileState=disabled\nActiveEnterTimestamp=\(time)")
            + frame("", code: 1)
        let (machine, transport) = Example.machine(answering: look) { _ in Output() }
        try await step.apply(to: machine)
        let change = try #require(await transport.commands.last)
        #expect(
            change.words.dropFirst(3).map(\.text)
                == [
                    "sh", "containerd.service", verb, "/run/kubeforge/containerd.service",
                    SHA256.hex("\(Self.config) \(SHA256.hex("x"))\n"), Self.config,
                ])
        #expect(change.isAsRoot)
    }

    @Test("that does not come up says where the reason is")
    func fails() async {
        let look =
            frame("") + frame("") + frame("") + frame("")
            + frame("LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\nActiveEnterTimestamp=")
            + frame("", code: 1)
        let (machine, _) = Example.machine(answering: look) { _ in .failed(1, "Job for containerd.service failed.") }
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        #expect(problem?.why == "Job for containerd.service failed.")
        #expect(problem?.fix == "see why: `journalctl -u containerd.service -n 50` on kubnode")
    }

    /// The real script, with a systemctl that writes down what it is asked.
    private func run(
        _ shell: String, _ directory: TemporaryDirectory, file: String, note: String, state: String = "failed"
    )
        async throws
        -> String
    {
        let systemctl = "#!/bin/sh\ncase $1 in show) echo run-1;; *) echo \"$*\";; esac\n"
        try directory.write("systemctl", systemctl, mode: 0o755)
        let look =
            frame(" 0") + frame(" 0") + frame("regular file|644|root:root|1|100") + frame("\(SHA256.hex("x"))  x")
            + frame(
                """
                LoadState=loaded\nActiveState=\(state)\nUnitFileState=disabled\nActiveEnterTimestamp=Thu 1970-01-01 \
                00:03:20 UTC
                """
            )
            + frame("", code: 1)
        let (machine, transport) = Example.machine(answering: look) { _ in Output() }
        try await Unit("a b.service", runningSince: [file]).apply(to: machine)
        var words = try #require(await transport.commands.last).words
        #expect(words[6].text == "/run/kubeforge/a b.service")
        words[6] = Word(note)
        return try await LocalTransport(shell: shell, programs: directory.path).run(Command(words)).text
    }

    @Test(
        "is unmasked, enabled and restarted by its script, which notes what it was started with",
        arguments: ["dash", "bash"])
    func script(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("a file", "x")
            try await LocalProgram.run("touch", ["-d", "2020-01-01", file])
            let said = try await run(shell, directory, file: file, note: directory.path("new directory/note"))
            #expect(said == "daemon-reload\nunmask -- a b.service\nenable -- a b.service\nrestart -- a b.service\n")
            #expect(try directory.text("new directory/note") == SHA256.hex("\(file) \(SHA256.hex("x"))\n") + " run-1\n")
        }
    }

    @Test(
        "that only has to be enabled is noted nowhere: nobody knows what it was started with",
        arguments: ["dash", "bash"])
    func noNote(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let said = try await run(shell, directory, file: "/nowhere", note: directory.path("note"), state: "active")
            #expect(said.hasSuffix("start -- a b.service\n"))
            #expect(throws: (any Error).self) { try directory.text("note") }
        }
    }

    @Test("is restarted when the second of the last change is over, and not before", arguments: ["dash", "bash"])
    func afterTheSecond(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("a file", "x")
            let log = directory.path("log").shellQuoted
            // The clock of this machine ticks once when somebody sleeps.
            try directory.write("now", "1000\n")
            try directory.write("stat", "#!/bin/sh\necho 1000\n", mode: 0o755)
            try directory.write("date", "#!/bin/sh\ncat \(directory.path("now").shellQuoted)\n", mode: 0o755)
            try directory.write(
                "sleep", "#!/bin/sh\necho slept >>\(log); echo 1001 >\(directory.path("now").shellQuoted)\n",
                mode: 0o755)
            let said = try await run(shell, directory, file: file, note: directory.path("note"))
            #expect(said.hasSuffix("restart -- a b.service\n"))
            #expect(try directory.text("log") == "slept\n")
        }
    }

    /// A clock that was ahead when the file was written, and was set right since.
    @Test("whose files are of the future was restarted when the note of this very run says so")
    func clockSetBack() {
        func texts(
            _ note: String?, invocation: String = "run-1", file: FileState = FileState(sha256: "aa", modified: 9000)
        ) -> [String] {
            var answers = answers(UnitState(active: "active", enabled: "enabled", since: 200, invocation: invocation))
            answers[.file(Self.config)] = .file(file)
            answers[.contents("/run/kubeforge/containerd.service")] = .contents(note.map { Array($0.utf8) })
            return step.texts(answers)
        }
        let note = SHA256.hex("\(Self.config) aa\n") + " run-1\n"
        let changed = ["containerd.service has not been restarted since \(Self.config) changed"]
        #expect(texts(note) == [])
        #expect(texts(nil) == changed)
        #expect(texts(note, invocation: "run-2") == changed, "somebody restarted it since, with whatever was there")
        #expect(texts(note, file: FileState(sha256: "bb", modified: 9000)) == changed)
        #expect(texts(note, file: FileState(kind: .directory, modified: 9000)) == changed)
        #expect(texts(" \n", invocation: "") == changed)
    }

    @Test("that only has to start at boot is enabled, and not started")
    func enabled() async throws {
        let (machine, transport) = Example.machine { _ in Output() }
        try await StartsAtBoot("kubelet.service").apply(to: machine)
        #expect(
            await transport.changes == [
                "sh -c 'systemctl unmask -- \"$1\" && systemctl enable -- \"$1\"' sh kubelet.service"
            ])
    }
}
