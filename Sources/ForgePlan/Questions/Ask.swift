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
                what: "\(host.name): its answers cannot be read", why: error.reason,
                fix: error.fix ?? "does its login shell print something of its own? `ssh \(login) true` should print nothing")
        }
    }
}

extension Problem {
    /// A host that lets the user in and runs one command of its own instead of ours, as cloud images do to root; nil for all others.
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
        // The last one is sudo-rs's, which Ubuntu has since 25.10.
        let asksForPassword = ["password is required", "terminal is required", "authentication is required"].contains(
            where: output.errorText.contains)
        let user = host.access.user
        self.init(
            what: asksForPassword ? "\(host.name): sudo asks \(user) for a password" : "\(host.name): could not be looked at",
            why: output.lastLine,
            fix: asksForPassword
                ? "allow it without one: echo '\(user) ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/\(user)"
                : "log in as \(user) and try `sudo -n sh -c true`")
    }
}
