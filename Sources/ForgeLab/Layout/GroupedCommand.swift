import ForgeCore

/// A command in control groups of its own: if kubeforge is killed while it runs, the next one finds it and ends it.
struct GroupedCommand: Sendable {
    /// Its name among the lab's: `http.server`, `kubmaster.supervisorCommand`, `kubmaster.disk`.
    let part: String
    let command: Command
    let layout: LabLayout

    var group: Cgroup { Cgroup(name: layout.name.of(part), computer: layout.computer) }

    /// Runs it to its end. What an earlier kubeforge left of it is ended first.
    func finish() async throws {
        try await group.end()
        try await layout.computer.finish(try prepared(command))
        try await group.end()
    }

    /// Starts it and lets it run, beyond kubeforge's own end; what it prints goes to the file.
    func start(log: String) async throws {
        try await layout.computer.finish(
            try prepared(Command(["sh", "\(layout.files)/daemon", Word(log)] + command.words)))
    }

    private func prepared(_ command: Command) throws -> Command {
        let placement = CgroupPlacement(Kernel(computer: layout.computer))
        let list = "\(layout.files)/\(part).cgroups"
        try layout.computer.replace(list, with: placement.list(group.name))
        return Command(placement.scope(group.name) + ["sh", "\(layout.files)/join", Word(list)] + command.words).within(
            command.timeLimit)
    }
}
