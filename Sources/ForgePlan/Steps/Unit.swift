import ForgeCore

/// A systemd unit runs, starts at boot, and has been started after its files last changed.
package struct Unit: Step {
    /// The name as systemctl takes it: `kubelet.service`.
    package let name: String
    /// Files and directories that it reads when it starts.
    package let runningSince: [String]
    /// `NAME runs`, unless a better one was given.
    package let title: String

    /// A restart is a state: a crash between "wrote the file" and "restarted" heals on the next run.
    package init(_ name: String, runningSince: [String] = [], title: String? = nil) {
        self.name = name
        self.runningSince = runningSince
        self.title = title ?? "\(name) runs"
    }

    /// What was noted at the last start is asked for only where files decide about a restart.
    package var questions: [Question] {
        [.unit(name)] + runningSince.map(Question.file) + (runningSince.isEmpty ? [] : [.contents(notePath)])
    }

    /// Told apart: that it does not run, does not start at boot, or has run since before a file of its changed.
    package func differences(given answers: Answers) -> [Difference] {
        let state = answers.unit(name)
        var found: [Difference] = []
        if state.active != "active" {
            found.append(Difference(name, from: state.load == "not-found" ? "not there" : state.active, to: "active"))
        }
        found += StartsAtBoot(name).differences(given: answers)
        if let path = changedFile(answers, since: state.since), state.active == "active" {
            found.append("\(name) has not been restarted since \(path) changed")
        }
        return found
    }

    /// Times alone would restart it for ever where the clock was set back after a file was written: what kubeforge
    /// noted of the files when it started this very run of the unit goes before.
    private func changedFile(_ answers: Answers, since start: Int?) -> String? {
        let run = answers.unit(name).invocation
        if !run.isEmpty, answers.text(notePath) == "\(digest(answers)) \(run)\n" { return nil }
        return runningSince.first { path in answers.file(path).map { $0.modified >= (start ?? 0) } ?? false }
    }

    /// In memory, as the run of the unit is.
    private var notePath: String { "/run/kubeforge/\(name)" }

    /// The digest of all that it reads; a directory's content has changed when its time has.
    private func digest(_ answers: Answers) -> String {
        SHA256.hex(
            runningSince.map { path in
                let state = answers.file(path)
                return "\(path) \(state?.sha256 ?? state.map { "\($0.modified)" } ?? "none")\n"
            }.joined())
    }

    /// Times count in whole seconds on both sides, so a restart waits until the second of the last change is over.
    /// A unit that runs as it shall and only has to be enabled is not disturbed.
    package func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let state = answers.unit(name)
        let needsRestart = state.active != "active" || changedFile(answers, since: state.since) != nil
        let script = """
            set -e; unit=$1; verb=$2; note=$3; digest=$4; shift 4
            for file in "$@"; do
              if [ -e "$file" ]; then while [ "$(stat -c %Y -- "$file")" = "$(date +%s)" ]; do sleep 0.1; done; fi
            done
            systemctl daemon-reload
            systemctl unmask -- "$unit"
            systemctl enable -- "$unit"
            systemctl "$verb" -- "$unit"
            if [ "$verb" = restart ] && [ $# != 0 ]; then
              mkdir -p -- "${note%/*}"
              printf '%s %s\\n' "$digest" "$(systemctl show --property=InvocationID --value -- "$unit")" > "$note"
            fi
            """
        let verb: Word = needsRestart ? "restart" : "start"
        let command = Command(
            [Word("sh"), "-c", Word(script), "sh", Word(name), verb, Word(notePath), Word(digest(answers))]
                + runningSince.map { Word($0) })
        try await machine.run(command.asRoot(), fix: "see why: `journalctl -u \(name) -n 50` on \(machine.host.name)")
    }
}

/// A systemd unit starts at boot; whether it runs now is not asked.
package struct StartsAtBoot: Step {
    /// The name as systemctl takes it: `docker.service`.
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
