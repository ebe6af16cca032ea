import ForgeCore

/// A command in control groups of its own: if kubeforge is killed while it runs, the next one finds it and ends it.
struct GroupedCommand: Sendable {
    /// Its name among the lab's: `http.server`, `kubmaster.power`, `kubmaster.disk`.
    let part: String
    let command: Command
    let site: Site

    var group: ProcessGroup { ProcessGroup(name: site.name.of(part), computer: site.computer) }

    /// Runs it to its end. What an earlier kubeforge left of it is ended first.
    func finish() async throws {
        try await group.end()
        try await site.computer.finish(try prepared(command))
        try await group.end()
    }

    /// Starts it and lets it run, beyond kubeforge's own end; what it prints goes to the file.
    func start(log: String) async throws {
        try await site.computer.finish(try prepared(Command(["sh", "\(site.files)/daemon", Word(log)] + command.words)))
    }

    private func prepared(_ command: Command) throws -> Command {
        let placement = Placement(Kernel(computer: site.computer))
        let list = "\(site.files)/\(part).cgroups"
        try site.computer.replace(list, with: placement.list(group.name))
        return Command(placement.scope(group.name) + ["sh", "\(site.files)/join", Word(list)] + command.words).within(command.timeLimit)
    }
}
