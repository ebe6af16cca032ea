import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeCore

@Suite("A machine's lock")
struct MachineLockTests {
    private func holder(_ digit: String, _ command: String = "provision") -> Holder {
        Holder(
            run: String(repeating: digit, count: 16), person: "anna@laptop", computer: "c0ffee", processID: 123,
            since: "2026-11-21T09:12:03Z", command: command)
    }

    private func lock(
        _ digit: String, _ directory: TemporaryDirectory, keeps: Int = 0, ended: String? = nil, patience: Int = 0
    )
        -> MachineLock
    {
        MachineLock(holder(digit), ended: ended, keeps: keeps, patience: patience, path: directory.path("run/lock"))
    }

    private func run(_ script: String, _ lock: MachineLock) throws -> Output {
        try LocalShell.run(Command("sh", "-c", Word(script)).asRoot().under(lock))
    }

    @Test("names its holder in one line, and believes no other line")
    func line() {
        #expect(Holder(line: holder("a", "batch run").line) == holder("a", "batch run"))
        for line in [
            "", "a b c", holder("a").line + "\u{1b}[2J", holder("a").line.replacing("anna", with: "a\u{202e}b"),
            "\(holder("g").line)",
        ] {
            #expect(Holder(line: line) == nil, "\(line)")
        }
    }

    @Test(
        "names its holder whatever the person and the computer are called",
        arguments: [
            ("jürgen@büro", "jürgen@büro"), ("Ἀθηνᾶ@λ", "Ἀθηνᾶ@λ"), ("u\u{308}@x", "u\u{308}@x"),
            ("DOMAIN\\anna@pc", "DOMAIN\\anna@pc"), ("an na\n@pc", "anna@pc"), ("a\u{202e}b\u{1b}[2J@pc", "a?b?[2J@pc"),
            ("", "?"), (String(repeating: "ü", count: 400), String(repeating: "ü", count: 300)),
        ])
    func person(name: String, read: String) {
        var holder = holder("a")
        holder.person = name
        let found = Holder(line: holder.line)
        #expect(found?.person == read)
        #expect(found?.run == holder.run && found?.processID == 123)
    }

    @Test("names its holder in a line of the greatest and of the smallest lengths, and in none beyond")
    func lengths() {
        let longest = [
            "0123456789abcdef", String(repeating: "x", count: 300), "0123456789abcdef", "100000009",
            String(repeating: "0", count: 32), "a" + String(repeating: "z", count: 40),
        ]
        let shortest = ["0123456789abcdef", "x", "0", "0", "9", "a"]
        for fields in [longest, shortest] { #expect(Holder(line: fields.joined(separator: " ")) != nil) }
        for (place, more) in ["0", "x", "0", "0", "0", "z"].enumerated() {
            var (long, short) = (longest, shortest)
            long[place] += more
            #expect(Holder(line: long.joined(separator: " ")) == nil, "\(place)")
            short[place] = ""
            #expect(Holder(line: short.joined(separator: " ")) == nil, "\(place)")
        }
    }

    @Test("is a run's, whose name no other has")
    func names() {
        let runs = (0..<200).map { _ in Holder.newRun() }
        let whole = runs.filter { $0.wholeMatch(of: /[0-9a-f]{16}/) != nil }
        #expect(whole.count == 200)
        #expect(Set(runs).count == 200)
        #expect(Set(runs.joined(separator: "")).count == 16)
    }

    @Test("is named in a refusal by the last line of it, and in no other failure; nobody else is shown that line")
    func refusal() {
        let (mine, theirs) = (MachineLock.mark + holder("a").line, MachineLock.mark + holder("b").line)
        func found(_ said: String, _ exit: Output.Exit) -> Holder?? {
            MachineLock.holder(refusing: Output(standardError: Array(said.utf8), exit: exit))
        }
        let said = "\(theirs)\nmore\n\(mine)\n"
        #expect(found(said, .code(245)) == .some(holder("a")))
        #expect(found(said, .code(246)) == .some(holder("a")))
        #expect(found(said, .code(1)) == nil)
        #expect(found("more\n", .code(245)) == nil)
        #expect(MachineLock.isOwn(OutputLine(stream: .standardError, text: mine)))
        #expect(!MachineLock.isOwn(OutputLine(stream: .standardOutput, text: mine)))
        #expect(!MachineLock.isOwn(OutputLine(stream: .standardError, text: "more")))
    }

    /// What stands in base64 in the line that the login shell gets.
    private func sent(_ command: Command, by user: String) -> String {
        let word = command.remoteLine(user: user).split(separator: " ").last.map(String.init) ?? ""
        return Data(base64Encoded: word).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    @Test("is taken by root's commands only, outside their time limit")
    func words() {
        let command = Command("true").under(MachineLock(holder("a")))
        let unset = (Command.proxyVariables + Command.strayVariables).map { "-u \($0) " }.joined()
        let start = "env " + unset + Command.environment.joined(separator: " ")
        #expect(command.remoteLine(user: "ubuntu") == "\(start) timeout --kill-after=10 900 true")
        #expect(sent(command.asRoot(), by: "ubuntu").hasPrefix("exec env LC_ALL=C sudo -n -- \(start) sh -c '"))
        #expect(sent(command.asRoot(), by: "root").hasPrefix("exec \(start) sh -c '"))
        #expect(sent(command.asRoot(), by: "root").hasSuffix(" - 0 5 timeout --kill-after=10 900 true"))
        #expect(command.asRoot().longest == .seconds(905) && command.longest == .seconds(900))
    }

    @Test("lets the command read, print and fail as it does without, and leaves the file to root")
    func transparent() async throws {
        try await TemporaryDirectory.during { directory async throws in
            let command = Command("sh", "-c", "cat; echo \"$1\" >&2; umask; exit 7", "sh", "a 'b'").reading("in\n")
                .asRoot()
            let (plain, locked) = (try LocalShell.run(command), try LocalShell.run(command.under(lock("a", directory))))
            #expect(locked == plain && locked.exit == .code(7))
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.path("run/lock"))
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("that a run keeps refuses another's command, which does not begin, until it is given back")
    func kept() async throws {
        try await TemporaryDirectory.during { directory async throws in
            let keeps = lock("a", directory, keeps: 600)
            #expect(try run("true", keeps).isSuccess)
            let refused = try run("touch \(directory.path("begun"))", lock("b", directory))
            #expect(MachineLock.holder(refusing: refused) == .some(holder("a")))
            #expect(!FileManager.default.fileExists(atPath: directory.path("begun")))
            #expect(try run("true", keeps).isSuccess)
            #expect(try LocalShell.run(.script(MachineLock.look(keeps.path))).text == "kept \(holder("a").line)\n")
            // Another's attempt to give it back is none.
            #expect(try LocalShell.run(lock("b", directory).release).isSuccess)
            let again = try run("true", lock("b", directory))
            #expect(MachineLock.holder(refusing: again) == .some(holder("a")))
            #expect(try LocalShell.run(keeps.release).isSuccess)
            #expect(try LocalShell.run(.script(MachineLock.look(keeps.path))).text == "")
            #expect(try run("true", lock("b", directory)).isSuccess)
        }
    }

    @Test("that a run kept is another's when that run has ended, when its time is over, or when it was cleared")
    func taken() async throws {
        try await TemporaryDirectory.during { directory async throws in
            for give in ["ended", "time", "clear"] {
                #expect(try run("true", lock("a", directory, keeps: give == "time" ? 0 : 600)).isSuccess)
                if give == "clear" {
                    #expect(try LocalShell.run(MachineLock.clear(directory.path("run/lock"))).isSuccess)
                }
                let ended = give == "ended" ? holder("a").run : holder("c").run
                #expect(try run("true", lock("b", directory, ended: ended)).isSuccess, "\(give)")
                #expect(try LocalShell.run(lock("b", directory).release).isSuccess)
            }
        }
    }

    @Test("is held by a command as long as it runs, an orphan, too; it is waited for, and named in the end")
    func running() async throws {
        try await TemporaryDirectory.during { directory async throws in
            #expect(try run("true", lock("a", directory)).isSuccess)
            let path = directory.path("run/lock")
            let (input, output) = (Pipe(), Pipe())
            let orphan = try ChildProcess(
                ["/bin/sh", "-c", "exec 9<>\(path); flock -x 9; echo held; read -r line"],
                input: input.fileHandleForReading.fileDescriptor, output: output.fileHandleForWriting.fileDescriptor,
                errors: output.fileHandleForWriting.fileDescriptor)
            _ = output.fileHandleForReading.availableData
            let refused = try run("true", lock("b", directory))
            #expect(MachineLock.holder(refusing: refused) == .some(holder("a")))
            #expect(try LocalShell.run(.script(MachineLock.look(path))).text == "running \(holder("a").line)\n")
            // It ends while the other waits.
            #expect(refused.exit == .code(MachineLock.busy))
            let waiting = Task.detached { try run("echo mine", lock("b", directory, patience: 60)) }
            try input.fileHandleForWriting.write(contentsOf: Array("go\n".utf8))
            let waited = try await waiting.value
            #expect(waited.text == "mine\n")
            orphan.wait()
        }
    }

    @Test("is waited for again and again, as long as there is patience")
    func patient() async throws {
        try await TemporaryDirectory.during { directory async throws in
            // Another has it for the first five looks; nobody's time passes.
            let program = """
                #!/bin/sh
                echo >> \(directory.path("looks")); [ "$(wc -l < \(directory.path("looks")))" -gt 5 ]
                """
            try directory.write("bin/flock", program, mode: 0o755)
            func run(_ patience: Int) throws -> Output {
                let words = lock("a", directory, patience: patience).words + ["echo", "mine"]
                return try LocalShell.run(
                    Command(["env", Word("PATH=\(directory.path("bin")):/usr/bin:/bin")] + words))
            }
            let waited = try run(60)
            #expect(waited.text == "mine\n" && waited.errorText == "")
            #expect(try directory.text("looks") == String(repeating: "\n", count: 6))
            try FileManager.default.removeItem(atPath: directory.path("looks"))
            #expect(try run(0).exit == .code(MachineLock.busy))
        }
    }

    @Test("that a run keeps is another's from the second on in which its time is over, and not before")
    func second() async throws {
        try await TemporaryDirectory.during { directory async throws in
            // The machine's clock stands still at its hundredth second.
            let clock = try directory.write("uptime", "100.42 7.00\n")
            let kept = "kept \(holder("a").line)\n"
            func run(until second: Int, patience: Int) throws -> Output {
                try directory.write("run/lock", "\(second)\n\(holder("a").line)\n")
                let words = lock("b", directory, patience: patience).words.map {
                    Word($0.text.replacing("/proc/uptime", with: clock))
                }
                let start: [Word] = ["env", Word("PATH=\(directory.path("bin")):/usr/bin:/bin")]
                return try LocalShell.run(Command(start + words + ["echo", "mine"]))
            }
            for (second, said) in [(101, kept), (100, "")] {
                try directory.write("run/lock", "\(second)\n\(holder("a").line)\n")
                let look = MachineLock.look(directory.path("run/lock")).replacing("/proc/uptime", with: clock)
                #expect(try LocalShell.run(.script(look)).text == said)
            }
            #expect(try run(until: 101, patience: 0).exit == .code(245))
            #expect(try run(until: 100, patience: 0).text == "mine\n")
            // While a command of that run has the lock: who is refused does not wait for it.
            try directory.write("bin/flock", "#!/bin/sh\nexit 1\n", mode: 0o755)
            #expect(try run(until: 101, patience: 60).exit == .code(245))
            #expect(try run(until: 100, patience: 0).exit == .code(246))
        }
    }

    @Test("is not held by a daemon that a command starts")
    func daemon() async throws {
        try await TemporaryDirectory.during { directory async throws in
            let open = try run("for file in /proc/$$/fd/*; do readlink \"$file\" || :; done", lock("a", directory)).text
            #expect(!open.isEmpty && !open.contains(directory.path("run/lock")))
        }
    }
}
