import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgePlan

@Suite("A question about a unit")
struct UnitQuestionTests {
    @Test(
        "reads what systemctl shows",
        arguments: [
            (
                """
                LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nActiveEnterTimestamp=Sat 2026-11-21 \
                11:10:54 UTC\nInvocationID=0a1b
                """,
                UnitState(
                    load: "loaded", active: "active", enabled: "enabled", since: 1_795_259_454, invocation: "0a1b")
            ),
            (
                "ActiveEnterTimestamp=\nUnitFileState=\nActiveState=inactive\nLoadState=not-found",
                UnitState(load: "not-found", active: "inactive", enabled: "")
            ),
            (
                "LoadState=masked\nActiveState=failed\nActiveEnterTimestamp=n/a\nUnitFileState=masked",
                UnitState(load: "masked", active: "failed", enabled: "masked")
            ),
        ])
    func reads(text: String, expected: UnitState) async throws {
        let transport = ScriptedTransport { _ in Output(frame(text)) }
        #expect(try await transport.look(.unit("kubelet.service")).unit("kubelet.service") == expected)
    }

    @Test("keeps several units apart by their order")
    func several() async throws {
        let block = "LoadState=loaded\nActiveState=%\nUnitFileState=enabled\nActiveEnterTimestamp="
        let text = ["active", "failed"].map { block.replacing("%", with: $0) }.joined(separator: "\n\n")
        let answers = try await ScriptedTransport { _ in Output(frame(text)) }.look(.unit("a"), .unit("b"))
        #expect([answers.unit("a").active, answers.unit("b").active] == ["active", "failed"])
        // One of which systemd shows nothing is not there, and the next one is not taken for it.
        let second = try await ScriptedTransport { _ in Output(frame("\n\nActiveState=active")) }.look(
            .unit("a"), .unit("b"))
        #expect([second.unit("a").load, second.unit("a").active] == ["not-found", "inactive"])
        #expect(second.unit("b").active == "active")
    }

    @Test(
        "counts the seconds of a date as calendars do",
        arguments: [
            ("Thu 1970-01-01 00:00:00 UTC", 0), ("Tue 2000-02-29 23:59:59 UTC", 951_868_799),
            ("Wed 2000-03-01 00:00:00 UTC", 951_868_800),
            ("Sun 2024-12-31 23:59:59 UTC", 1_735_689_599), ("Mon 2025-01-01 00:00:00 UTC", 1_735_689_600),
            ("Thu 2100-03-01 12:00:00 UTC", 4_107_585_600), ("Fri 9999-12-31 23:59:60 UTC", 253_402_300_800),
        ])
    func seconds(text: String, expected: Int) async throws {
        let transport = ScriptedTransport { _ in Output(frame("ActiveEnterTimestamp=\(text)")) }
        #expect(try await transport.look(.unit("a")).unit("a").since == expected)
    }

    @Test("of a time in another zone has no answer rather than a wrong one")
    func otherZone() async throws {
        let transport = ScriptedTransport { _ in Output(frame("ActiveEnterTimestamp=Sat 2026-11-21 11:10:54 CET")) }
        #expect(try await transport.look(.unit("a")).unit("a").since == nil)
    }

    @Test("asks systemctl once, with every name as one word", arguments: Shell.all)
    func asks(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let program = """
                #!/bin/sh
                [ "$TZ" = UTC ] || exit 1
                while [ "$1" != -- ]; do shift; done; shift
                first=yes
                for unit; do [ $first ] || echo; first=; echo "LoadState=$unit"; echo ActiveEnterTimestamp=; done
                """
            try directory.write("systemctl", program, mode: 0o755)
            let names = ["a b.service", "it's.mount", "-.slice"]
            let answers = try await LocalTransport(shell: shell, programs: directory.path).ask(
                names.map(Question.unit), of: Example.host())
            #expect(names.map { answers.unit($0).load } == names)
        }
    }

    @Test("without systemd says so", arguments: Shell.all)
    func withoutSystemd(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "systemctl", "#!/bin/sh\necho System has not been booted with systemd >&2; exit 1\n", mode: 0o755)
            let transport = LocalTransport(shell: shell, programs: directory.path)
            let problem = await #expect(throws: Problem.self) { try await transport.look(.unit("a"), .unit("b")) }
            #expect(
                problem
                    == Problem(
                        what: "kubnode: its reply could not be parsed", why: "systemctl showed 0 of 2 units",
                        fix:
                            """
                            kubeforge needs a machine that was booted with systemd: `systemctl is-system-running` \
                            should answer there
                            """
                    ))
        }
    }
}

@Suite("A question about the kernel")
struct KernelQuestionTests {
    /// dash's `read` gets only the first digit of such a file.
    @Test("gives all digits of a setting, and nothing for one that is not there", arguments: Shell.all)
    func settings(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(
            .sysctl("kernel.pid_max"), .sysctl("kernel.no_such_key"), .sysctl("kernel.ostype"), .sysctl("kernel.it's"))
        let expected = try String(contentsOfFile: "/proc/sys/kernel/pid_max", encoding: .utf8).trimming(
            while: \.isNewline)
        #expect(expected.count > 1)
        #expect(answers.sysctl("kernel.pid_max") == expected)
        #expect(answers.sysctl("kernel.ostype") == "Linux")
        #expect(answers.sysctl("kernel.no_such_key") == nil)
        #expect(answers.sysctl("kernel.it's") == nil)
    }

    @Test("gives the first line of a setting that has several")
    func settingOfLines() async throws {
        let path = "/proc/sys/dev/cdrom/info"
        let lines = frame("\(path):CD-ROM information\n\(path):\n\(path):drive name: sr0\n")
        let answers = try await ScriptedTransport { _ in Output(lines) }.look(.sysctl("dev.cdrom.info"))
        #expect(answers.sysctl("dev.cdrom.info") == "CD-ROM information")
    }

    @Test("tells modules that are there", arguments: Shell.all)
    func modules(shell: String) async throws {
        let there = try #require(try FileManager.default.contentsOfDirectory(atPath: "/sys/module").first)
        let answers = try await LocalTransport(shell: shell).look(
            .module("no_such_module"), .module(there), .module("$(id)"))
        #expect(answers.hasModule(there))
        #expect(!answers.hasModule("no_such_module"))
        #expect(!answers.hasModule("$(id)"))
    }

    @Test("names the swap areas in use, without the line of titles", arguments: Shell.all)
    func swaps(shell: String) async throws {
        let lines = try String(contentsOfFile: "/proc/swaps", encoding: .utf8).split(separator: "\n").dropFirst()
        let expected = lines.map { String($0.prefix { $0 != " " && $0 != "\t" }) }
        #expect(try await LocalTransport(shell: shell).look(.swaps).swaps == expected)
    }

    @Test("reads the areas one a line")
    func swapLines() async throws {
        let transport = ScriptedTransport { _ in Output(frame("/swap.img\n/dev/zram0\n")) }
        #expect(try await transport.look(.swaps).swaps == ["/swap.img", "/dev/zram0"])
    }
}

@Suite("A question that is a command")
struct CommandQuestionTests {
    @Test("gives exit code and output, without the newlines at its end", arguments: Shell.all)
    func several(shell: String) async throws {
        let texts = [
            "echo one", "printf two", "echo three; exit 3", "exit 7", "false", "printf 'a\\n\\nb\\n\\n'",
            "echo \"it's $((1+1)) \\$x\"",
        ]
        let answers = try await LocalTransport(shell: shell).ask(texts.map(Question.command), of: Example.host())
        #expect(texts.map { answers.command($0).text } == ["one", "two", "three", "", "", "a\n\nb", "it's 2 $x"])
        #expect(texts.map { answers.command($0).exitCode } == [0, 0, 3, 7, 1, 0, 0])
    }

    @Test("is the same when it is the only one, and runs once", arguments: Shell.all)
    func single(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            let text = "echo three; echo loud >&2; echo ran >>\(directory.path("log")); exit 3"
            let answers = try await LocalTransport(shell: shell).look(.command(text))
            #expect(answers.command(text) == CommandState(exitCode: 3, text: "three"))
            #expect(try directory.text("log") == "ran\n")
        }
    }

    /// A `timeout` that does not wait.
    @Test("that hangs is given up after 100 seconds", arguments: Shell.all, [0, 2])
    func hangs(shell: String, others: Int) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("timeout", "#!/bin/sh\necho \"$1\"; exit 124\n", mode: 0o755)
            let texts = ["tail -f /dev/null"] + (0..<others).map { "echo \($0)" }
            let answers = try await LocalTransport(shell: shell, programs: directory.path).ask(
                texts.map(Question.command), of: Example.host())
            #expect(answers.command(texts[0]) == CommandState(exitCode: 124, text: "100"))
        }
    }

    @Test(
        "that hangs after others gets what is left of the time of all",
        arguments: [(101, 100...100), (60, 30...60), (0, 1...1)])
    func timeLeft(total: Int, limits: ClosedRange<Int>) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("timeout", "#!/bin/sh\necho \"$1\"\n", mode: 0o755)
            let section = CommandSection([.command("a"), .command("b")], within: total)
            let script = "PATH=\(directory.path):$PATH\nframe() { echo \"$2\"; }\n\(section.early)\n\(section.script)"
            let said = try await LocalProgram.run("sh", ["-c", script]).split(separator: "\n").compactMap { Int($0) }
            #expect(said.count == 2)
            #expect(said.allSatisfy(limits.contains), "\(said)")
        }
    }

    @Test("reads nothing of the script that asks it", arguments: Shell.all)
    func readsNothing(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(
            .command("cat; echo end"), .command("cat"), .module("overlay"))
        #expect(answers.command("cat; echo end").text == "end")
        #expect(answers.command("cat") == CommandState())
    }

    @Test("may print megabytes", arguments: Shell.all)
    func large(shell: String) async throws {
        let text = "i=0; while [ $i -lt 2000 ]; do printf '%01000d\\n' $i; i=$((i+1)); done"
        let answers = try await LocalTransport(shell: shell).look(.command(text), .command("echo after"))
        #expect(answers.command(text).text.utf8.count == 2000 * 1001 - 1)
        #expect(answers.command("echo after").text == "after")
    }

    @Test("that dies by a signal failed", arguments: Shell.all)
    func killed(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(.command("kill -9 $$"), .command("echo after"))
        #expect(answers.command("kill -9 $$").exitCode == 137)
        #expect(answers.command("echo after").text == "after")
    }

    @Test("waits for no other: four run at once, and a fifth when one of them has ended")
    func atOnce() async throws {
        try await TemporaryDirectory.during { directory in
            let pipes = ["a", "b", "c"].map { directory.path($0) }
            try await LocalProgram.run("mkfifo", pipes)
            let ended = directory.path("ended")
            // The first three read what the fourth writes: without it they would wait for ever.
            let texts = [
                "read y < \(pipes[0]); echo $y; : > \(ended)", "read y < \(pipes[1]); echo $y",
                "read y < \(pipes[2]); echo $y",
                "echo z > \(pipes[2]); echo y > \(pipes[1]); echo x > \(pipes[0]); echo all",
                "[ -e \(ended) ] && echo after",
            ]
            let answers = try await LocalTransport().ask(texts.map(Question.command), of: Example.host())
            #expect(texts.map { answers.command($0).text } == ["x", "y", "z", "all", "after"])
        }
    }

    @Test("leaves nothing behind", arguments: Shell.all)
    func leavesNothing(shell: String) async throws {
        let look = "readlink /proc/self/fd/1"
        let path = try await LocalTransport(shell: shell).look(.command(look), .command("true")).command(look).text
        #expect(path.contains("/kubeforge.") || path.contains("/tmp."))
        #expect(!FileManager.default.fileExists(atPath: (path as NSString).deletingLastPathComponent))
    }
}

@Suite("A question about a package")
struct PackageQuestionTests {
    @Test("tells what dpkg knows from what it never heard of", arguments: Shell.all)
    func real(shell: String) async throws {
        let answers = try await LocalTransport(shell: shell).look(
            .package("no-such-package"), .package("dpkg"), .package("it's"))
        #expect(answers.package("dpkg").installed?.first?.isNumber == true)
        #expect(answers.package("no-such-package") == PackageState())
        #expect(answers.package("it's") == PackageState())
    }

    @Test(
        "reads dpkg's two letters: what is wanted, and what is",
        arguments: [
            ("ii ", PackageState(installed: "1.2-3")), ("hi ", PackageState(installed: "1.2-3", isHeld: true)),
            ("rc ", PackageState()),
            ("un ", PackageState()), ("iU ", PackageState()), ("iF ", PackageState()),
            ("hc ", PackageState(isHeld: true)),
        ])
    func states(letters: String, expected: PackageState) async throws {
        let transport = ScriptedTransport { _ in Output(frame("kubelet|\(letters)|1.2-3")) }
        #expect(try await transport.look(.package("kubelet")).package("kubelet") == expected)
    }

    @Test("that dpkg knows by name only is not installed")
    func withoutVersion() async throws {
        let transport = ScriptedTransport { _ in Output(frame("kubelet|un |\n")) }
        #expect(try await transport.look(.package("kubelet")).package("kubelet") == PackageState())
    }

    @Test(
        "of several architectures is installed when it is for one of them",
        arguments: ["libc6|un |\nlibc6|hi |2.36\n", "libc6|hi |2.36\nlibc6|un |\n"])
    func architectures(lines: String) async throws {
        let transport = ScriptedTransport { _ in Output(frame(lines)) }
        let state = try await transport.look(.package("libc6")).package("libc6")
        #expect(state == PackageState(installed: "2.36", isHeld: true))
    }

    @Test("that dpkg cannot answer has an error with what it printed", arguments: ["oops", "kubelet||ii |1.2-3"])
    func broken(line: String) async throws {
        let transport = ScriptedTransport { _ in Output(frame(line)) }
        let problem = await #expect(throws: Problem.self) { try await transport.look(.package("kubelet")) }
        #expect(problem?.why == "dpkg-query printed “\(line)”")
    }
}
