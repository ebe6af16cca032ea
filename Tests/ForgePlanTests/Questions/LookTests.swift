import ForgeCore
import ForgeTestSupport
import Testing

@testable import ForgePlan

@Suite("A look at a host")
struct LookTests {
    @Test("asks questions of every kind in one command, each once", arguments: Shell.all)
    func oneCommand(shell: String) async throws {
        let transport = LocalTransport(shell: shell)
        let answers = try await transport.look(
            .command("echo hello"), .sysctl("kernel.ostype"), .file("/etc/passwd"), .package("dpkg"), .swaps,
            .module("no_such_module"),
            .contents("/etc/hostname"), .command("exit 4"), .file("/etc/passwd"), .command("echo hello"))
        #expect(answers.command("echo hello").text == "hello")
        #expect(answers.command("exit 4").exitCode == 4)
        #expect(answers.sysctl("kernel.ostype") == "Linux")
        #expect(answers.file("/etc/passwd")?.kind == .regular)
        #expect(answers.package("dpkg").installed != nil)
        #expect(
            answers.missing(of: [.swaps, .module("no_such_module"), .contents("/etc/hostname"), .file("/etc/group")])
                == [
                    .file("/etc/group")
                ])
    }

    @Test("without a question costs nothing")
    func nothing() async throws {
        let transport = ScriptedTransport { _ in nil }
        #expect(try await transport.ask([], of: Example.host()) == Answers())
        #expect(await transport.commands.isEmpty)
        #expect(Answers().command("true") == CommandState(exitCode: 127), "what nobody asked has failed")
    }

    @Test("is made by root, within a time, and its script comes over standard input")
    func command() async throws {
        let transport = ScriptedTransport { _ in Output(frame("/swap.img\n")) }
        _ = try await transport.look(.swaps)
        let command = try #require(await transport.commands.first)
        let words = Command.strayVariables.map { "-u \($0)" } + Command.environment
        let environment = words.joined(separator: " ")
        #expect(
            command.remoteLine(user: "ubuntu")
                == "env LC_ALL=C sudo -n -- env \(environment) timeout --kill-after=10 300 sh -s")
        #expect(
            Command.environment.allSatisfy { command.inputText.contains($0) }, "a question's environment is a command's"
        )
        #expect(command.inputText.hasPrefix("{\nexport LC_ALL=C TZ=UTC PATH="))
    }

    @Test("goes through no proxy of the login's, which can be asked for", arguments: ["https_proxy", "ALL_PROXY", ""])
    func proxy(name: String) async throws {
        let transport = LoginTransport(proxies: name.isEmpty ? [:] : [name: "http://login:3128", "no_proxy": "x"])
        let login = Question.command("env | grep -i _proxy=; echo \"$\(Command.loginProxy)\"")
        for more in [[], [Question.command("true")]] {
            let answers = try await transport.ask([login] + more, of: Example.host())
            let own = "\(Command.loginProxy)=\(name.isEmpty ? "" : "http://login:3128")"
            #expect(
                answers[login]
                    == .command(CommandState(text: own + (name.isEmpty ? "" : "\nhttp://login:3128"))), "\(more)")
        }
    }

    @Test("through a login shell that greets says which greeting disturbs")
    func greeting() async throws {
        let transport = LocalTransport(greeting: "Welcome to kubnode\n")
        let problem = await #expect(throws: Problem.self) { try await transport.look(.swaps) }
        #expect(
            problem
                == Problem(
                    what: "kubnode: its reply could not be parsed", why: "expected a length, got “Welcome to kubnode”",
                    fix:
                        """
                        does its login shell print anything at start-up? `ssh ubuntu@10.0.0.5 true` should print nothing
                        """
                ))
    }

    @Test("through a login shell that greets with many words says the first of them")
    func longGreeting() async throws {
        let transport = LocalTransport(greeting: String(repeating: "0123456789", count: 9) + "\n")
        let problem = await #expect(throws: Problem.self) { try await transport.look(.swaps) }
        let first = String(repeating: "0123456789", count: 8)
        #expect(problem?.why == "expected a length, got “\(first)”")
    }

    @Test("whose answer is cut off is an error, wherever the cut is")
    func cutOff() async throws {
        let whole = frame("/swap.img\n") + frame("hello\n") + frame("there")
        for length in 0..<whole.utf8.count {
            let transport = ScriptedTransport { _ in Output(String(whole.prefix(length))) }
            await #expect(throws: Problem.self, "cut after \(length) bytes") {
                try await transport.look(.swaps, .contents("/a"), .command("true"))
            }
        }
        // A program that nothing brings would be refused whatever the answer is.
        let answers = try await ScriptedTransport { _ in Output(whole) }.look(.swaps, .contents("/a"), .command("true"))
        #expect(answers.command("true").text == "there")
    }

    @Test(
        "that sudo or the shell refuses says what to do",
        arguments: [
            (
                "sudo: a password is required\n", "kubnode: sudo asks ubuntu for a password",
                """
                allow it without one: echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | sudo tee -a \
                /etc/sudoers.d/kubeforge-ubuntu && sudo chmod 0440 /etc/sudoers.d/kubeforge-ubuntu
                """
            ),
            (
                "sudo: a terminal is required to read the password\n", "kubnode: sudo asks ubuntu for a password",
                """
                allow it without one: echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | sudo tee -a \
                /etc/sudoers.d/kubeforge-ubuntu && sudo chmod 0440 /etc/sudoers.d/kubeforge-ubuntu
                """
            ),
            (
                "sudo: interactive authentication is required\n", "kubnode: sudo asks ubuntu for a password",
                """
                allow it without one: echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | sudo tee -a \
                /etc/sudoers.d/kubeforge-ubuntu && sudo chmod 0440 /etc/sudoers.d/kubeforge-ubuntu
                """
            ),
            (
                "sudo: sorry, you must have a tty to run sudo\n",
                "kubnode: sudo requires a terminal (requiretty), and kubeforge has none",
                """
                lift that for this user: echo 'Defaults:ubuntu !requiretty' | sudo tee -a \
                /etc/sudoers.d/kubeforge-ubuntu && sudo chmod 0440 /etc/sudoers.d/kubeforge-ubuntu
                """
            ),
            (
                "sh: 1: sudo: not found\n", "kubnode: sudo is not installed",
                "`apt-get install sudo` as root, or log in as root: `ssh: { user: root }` in the inventory"
            ),
            (
                "Password change required but no TTY available.\n", "kubnode: the password of ubuntu has expired",
                "log in as ubuntu and change it, or as root: `chage -M -1 ubuntu`"
            ),
            (
                "This account is currently not available.\n", "kubnode: ubuntu has no login shell",
                "name another user in the inventory, `ssh: user:`, or as root: `usermod -s /bin/sh ubuntu`"
            ),
            (
                "sh: 1: timeout: not found\n", "kubnode: could not be inspected",
                "log in as ubuntu and try `sudo -n sh -c true`"
            ),
        ])
    func refused(error: String, what: String, fix: String) async throws {
        let transport = ScriptedTransport { _ in .failed(1, error) }
        let problem = await #expect(throws: Problem.self) { try await transport.look(.swaps) }
        #expect(problem == Problem(what: what, why: error.trimming(while: \.isNewline), fix: fix))
    }

    @Test("that sudo refuses for two reasons names the terminal first: without that, no other cure helps")
    func refusedTwice() async throws {
        let error = "sudo: a password is required\nsudo: sorry, you must have a tty to run sudo\n"
        let transport = ScriptedTransport { _ in .failed(1, error) }
        let problem = await #expect(throws: Problem.self) { try await transport.look(.swaps) }
        #expect(problem?.what == "kubnode: sudo requires a terminal (requiretty), and kubeforge has none")
    }

    /// The last three are sudo-rs's, which Ubuntu has since 25.10. What is missing is no way to get it.
    @Test(
        "that sudo refuses altogether says what root types, without sudo",
        arguments: [
            "anna.smith is not in the sudoers file.", "Sorry, user anna.smith may not run sudo on kubnode.",
            "sudo: I'm sorry anna.smith. I'm afraid I can't do that",
            "sudo: Sorry, user anna.smith may not run /usr/bin/env on kubnode.",
            "sudo: Sorry, user anna.smith is not allowed to execute '/usr/bin/env' as root on kubnode.",
        ])
    func noSudo(error: String) async throws {
        let transport = ScriptedTransport { _ in .failed(1, "\(error)\n") }
        let problem = await #expect(throws: Problem.self) {
            try await transport.ask([.swaps], of: Example.host(user: "anna.smith"))
        }
        #expect(
            problem
                == Problem(
                    what: "kubnode: anna.smith may not use sudo", why: error,
                    fix:
                        """
                        allow it, without a password, as root (`su -`, the host's console, or cloud-init): echo \
                        'anna.smith ALL=(ALL) NOPASSWD:ALL' | tee -a /etc/sudoers.d/kubeforge-anna_smith && chmod 0440 \
                        /etc/sudoers.d/kubeforge-anna_smith; or name a user who may, `ssh: user:` in the inventory
                        """))
    }

    @Test("that sudo refuses says a line that sudo reads", arguments: ["a password is required", "must have a tty"])
    func sudoers(error: String) async throws {
        let transport = ScriptedTransport { _ in .failed(1, "sudo: \(error)\n") }
        let problem = await #expect(throws: Problem.self) {
            try await transport.ask([.swaps], of: Example.host(user: "anna.smith@corp"))
        }
        let line = String(try #require(problem?.fix?.firstMatch(of: /echo .*/)?.0))
        try await TemporaryDirectory.during { directory in
            let here = line.replacing("/etc/sudoers.d", with: directory.path).replacing("sudo ", with: "")
            try await LocalProgram.run("sh", ["-c", here])
            let files = try await LocalProgram.run("ls", [directory.path])
            #expect(files == "kubeforge-anna_smith@corp\n")
            let file = directory.path("kubeforge-anna_smith@corp")
            #expect(try await LocalProgram.run("stat", ["-c", "%a", file]) == "440\n")
            try await LocalProgram.run("env", ["PATH=/usr/sbin:/usr/bin", "visudo", "-cf", file])
        }
    }

    /// What cloud images have in root's authorized_keys; older ones end with exit code 0.
    @Test("that a cloud image answers root with names the user that may log in", arguments: [142, 0])
    func forcedCommand(code: Int) async throws {
        let sentence = "Please login as the user \"ubuntu\" rather than the user \"root\"."
        let transport = ScriptedTransport { _ in
            let second = "Please login as the user \"admin\" where that one is gone."
            return Output(standardOutput: Array("\(sentence)\n\n\(second)\n".utf8), exit: .code(code))
        }
        await #expect(
            throws: Problem(
                .unreachable, what: "kubnode: the login as root runs no commands", why: sentence,
                fix: "write into the inventory: `ssh: { user: ubuntu }`, for all hosts or for kubnode alone")
        ) { try await transport.ask([.swaps], of: Example.host(user: "root")) }
    }
}
