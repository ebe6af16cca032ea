import ForgeCore

/// A systemd unit starts at boot; whether it runs now is not asked.
package struct StartsAtBoot: Step {
    /// As systemctl takes it: `docker.service`.
    package let name: String

    package init(_ name: String) { self.name = name }

    package var title: String { "\(name) starts at boot" }

    package var questions: [Question] { [.unit(name)] }

    /// `static`, `alias` and `indirect` units count as started at boot; a masked one does not.
    package func differences(given answers: Answers) -> [Difference] {
        let state = answers.unit(name)
        return state.startsAtBoot
            ? [] : ["\(name) does not start at boot (\(state.enabled.isEmpty ? "no unit file" : state.enabled))"]
    }

    /// Unmasks the unit, and enables it without starting it.
    package func apply(to machine: Machine) async throws {
        let script = "systemctl unmask -- \"$1\" && systemctl enable -- \"$1\""
        try await machine.run(
            Command("sh", "-c", Word(script), "sh", Word(name)).asRoot(),
            fix: "see `systemctl status \(name)` on \(machine.host.name)")
    }
}
