import ForgeCore

extension Transport {
    /// Asks the questions of the host in one round trip, as root, and parses the answers.
    package func ask(_ questions: [Question], of host: Host) async throws -> Answers {
        if questions.isEmpty { return Answers() }
        let script = QuestionScript(questions)
        let output = try await run(script.command)
        guard output.isSuccess else { throw Problem(notAnswering: host, output) }
        do {
            return try script.answers(from: output.standardOutput)
        } catch {
            let login = "\(host.access.user)@\(host.address)"
            throw Problem(
                what: "\(host.name): its answers cannot be read", why: error.reason,
                fix: error.fix ?? "does its login shell print something of its own? `ssh \(login) true` should print nothing")
        }
    }
}

extension Problem {
    /// A host that could not even be asked: nearly always sudo.
    init(notAnswering host: Host, _ output: Output) {
        let asksForPassword = output.errorText.contains("password is required") || output.errorText.contains("terminal is required")
        let user = host.access.user
        self.init(
            what: asksForPassword ? "\(host.name): sudo asks \(user) for a password" : "\(host.name): could not be looked at",
            why: output.lastLine,
            fix: asksForPassword
                ? "allow it without one: echo '\(user) ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/\(user)"
                : "log in as \(user) and try `sudo -n sh -c true`")
    }
}
