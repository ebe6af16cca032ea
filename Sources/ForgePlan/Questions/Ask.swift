import ForgeCore

extension Transport {
    /// Asks the questions of the host in one round trip, as root, and parses the answers.
    package func ask(_ questions: [Question], of host: Host) async throws -> Answers {
        if questions.isEmpty { return Answers() }
        let script = QuestionScript(questions)
        let output = try await run(script.command)
        guard output.isSuccess else { throw Problem(refusing: host, output) ?? Problem(notAnswering: host, output) }
        do {
            return try script.answers(from: output.standardOutput)
        } catch {
            if let refusal = Problem(refusing: host, output) { throw refusal }
            let login = "\(host.access.user)@\(host.outerAddress)"
            throw Problem(
                what: "\(host.name): its reply could not be parsed", why: error.reason,
                fix: error.fix
                    ?? "does its login shell print anything at start-up? `ssh \(login) true` should print nothing")
        }
    }
}

extension Problem {
    /// A host that lets the user in and runs one command of its own instead of ours, as cloud images do to root; nil
    /// for all others.
    init?(refusing host: Host, _ output: Output) {
        let words = #/Please login as the user "?([a-z_][a-z0-9_-]*)"?/#
        guard let sentence = output.text.split(separator: "\n").first(where: { $0.contains(words) }),
            let user = sentence.firstMatch(of: words)?.1
        else { return nil }
        self.init(
            .unreachable, what: "\(host.name): the login as \(host.access.user) runs no commands",
            why: sentence.trimming(while: \.isWhitespace),
            fix: "write into the inventory: `ssh: { user: \(user) }`, for all hosts or for \(host.name) alone")
    }

    /// A host that could not even be asked: nearly always sudo.
    init(notAnswering host: Host, _ output: Output) {
        let user = host.access.user
        let said = output.errorText + output.text
        let refusal = Refusal.all.first { refusal in refusal.words.contains { said.contains($0) } }
        self.init(
            what: "\(host.name): \(refusal?.what(user) ?? "could not be inspected")", why: output.lastLine,
            fix: refusal?.fix(user) ?? "log in as \(user) and try `sudo -n sh -c true`")
    }
}

/// What sudo, or the login, says instead of running a command, and what to do about it.
private struct Refusal: Sendable {
    let words: [String]
    let what: @Sendable (_ user: String) -> String
    let fix: @Sendable (_ user: String) -> String

    init(words: [String], what: @escaping @Sendable (String) -> String, fix: @escaping @Sendable (String) -> String) {
        (self.words, self.what, self.fix) = (words, what, fix)
    }

    static let all = [
        Refusal(words: ["must have a tty"]) { _ in
            "sudo wants a terminal (requiretty), and kubeforge has none"
        } fix: { user in
            "lift that for this user: echo 'Defaults:\(user) !requiretty' | sudo tee -a /etc/sudoers.d/\(user)"
        },
        // The last one of these is sudo-rs's, which Ubuntu has since 25.10.
        Refusal(words: ["password is required", "terminal is required", "authentication is required"]) { user in
            "sudo asks \(user) for a password"
        } fix: { user in
            "allow it without one: \(rule(user))"
        },
        Refusal(words: ["is not in the sudoers file", "may not run sudo", "is not allowed to"]) { user in
            "\(user) may not use sudo"
        } fix: { user in
            "allow it, without a password: \(rule(user))"
        },
        Refusal(words: ["sudo: not found", "sudo: command not found", "‘sudo’: No such file", "'sudo': No such file"]) {
            _ in
            "sudo is not installed"
        } fix: { _ in
            "`apt-get install sudo` as root, or log in as root: `ssh: { user: root }` in the inventory"
        },
        Refusal(words: ["Password change required"]) { user in
            "the password of \(user) has expired"
        } fix: { user in
            "log in as \(user) and change it, or as root: `chage -M -1 \(user)`"
        },
        Refusal(words: ["This account is currently not available"]) { user in
            "\(user) has no login shell"
        } fix: { user in
            "name another user in the inventory, `ssh: user:`, or as root: `usermod -s /bin/sh \(user)`"
        },
    ]

    private static func rule(_ user: String) -> String {
        "echo '\(user) ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/\(user)"
    }
}
