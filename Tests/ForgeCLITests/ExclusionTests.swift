import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeCLI

/// What a command keeps other runs from while it changes something.
private enum Exclusion: Sendable {
    /// From the cluster and all of its machines, between its own commands, too.
    case cluster
    /// From what changes which pods answer.
    case service
    case batch, training
    /// It only looks.
    case nothing
    /// It ends what others hold, and so needs nothing of it.
    case unlocks

    func place(_ cluster: Cluster) -> LeasePlace? {
        switch self {
        case .cluster: .cluster(cluster)
        case .service: .service(cluster.service)
        case .batch: .jobs(.batch, cluster.service)
        case .training: .jobs(.train, cluster.service)
        case .nothing, .unlocks: nil
        }
    }
}

/// Every command that runs on machines, as it is typed.
private let commands: [String: Exclusion] = [
    "provision lab.yaml": .cluster, "provision --renew-certificates lab.yaml": .cluster,
    "deploy": .service, "deploy --rebuild": .service, "rollback": .service, "scale 2": .service,
    "batch schedule @daily": .service, "batch unschedule": .service,
    "batch run": .batch, "train": .training, "push .": .training, "unlock --yes": .unlocks,
    "smoke-test": .nothing, "releases": .nothing, "jobs": .nothing, "logs": .nothing, "batch list": .nothing,
    "drift rows.csv": .nothing,
    "provision --dry-run lab.yaml": .nothing, "deploy --dry-run": .nothing, "rollback --dry-run": .nothing,
    "unlock": .nothing,
]

/// Those that need a cluster that answers: `provision` makes it answer.
private let asking = commands.keys.filter { !$0.hasPrefix("provision") }.sorted()

@Suite("A command")
struct ExclusionTests {
    private static func action(_ typed: String, _ scene: Scene) throws -> Action {
        let command = try Kubeforge.parseAsRoot(typed.split(separator: " ").map(String.init))
        return try #require(command as? any ActionCommand).action(scene.surroundings)
    }

    @Test(
        "that changes something holds the Lease of what it changes, and no other one", arguments: commands.keys.sorted()
    )
    func holds(_ typed: String) throws {
        let scene = try Scene()
        try scene.write("age\n41\n", to: "desk/rows.csv")
        let (action, cluster) = (try Self.action(typed, scene), Cluster.lab)
        let exclusion = try #require(commands[typed])
        var isPlan = false
        if case .plan = action.work { isPlan = true }
        #expect((isPlan && !action.isDryRun) == (exclusion != .nothing))
        // A dry run may have one: it is not taken.
        if !action.isDryRun { #expect(action.lease?(cluster) == exclusion.place(cluster)) }
        if isPlan && !action.isDryRun { #expect(action.isExclusive == (exclusion != .unlocks)) }
        if !action.isDryRun { #expect(action.keepsMachines == (exclusion == .cluster)) }
        // What is about the whole cluster is not run once for each service.
        let isAboutServices = ![.cluster, .unlocks].contains(exclusion)
        if !action.isDryRun { #expect(action.isPerService == isAboutServices) }
    }

    @Test("is known here with what it holds, or runs on no machine of an inventory")
    func all() {
        var found: Set<String> = []
        func look(_ command: any ParsableCommand.Type, _ path: [String]) {
            // What `plan` runs are the other commands as dry runs; a lab is no cluster of an inventory, and `init`
            // meets no machine.
            if ["plan", "lab", "init"].contains(path.first) { return }
            let below = command.configuration.subcommands
            if below.isEmpty { found.insert(path.joined(separator: " ")) }
            for one in below { look(one, path + [one.configuration.commandName ?? "\(one)"]) }
        }
        look(Kubeforge.self, [])
        let known = Set(
            commands.keys.map { typed in
                let words = typed.split(separator: " ").map(String.init)
                return words.prefix(words[0] == "batch" ? 2 : 1).joined(separator: " ")
            })
        #expect(found == known)
    }

    @Test(
        "whose dry run failed is proposed again as the program takes it",
        arguments: [
            "plan provision lab.yaml", "plan scale 2 lab.yaml", "plan rollback", "provision --dry-run lab.yaml",
            "unlock",
        ])
    func again(_ typed: String) async throws {
        let (scene, witness) = (try Scene(), Witness())
        var action = try Self.action(typed, scene)
        #expect(action.isDryRun)
        action.work = .plan { context in
            Plan(stages: [Stage("one", on: context.cluster.hosts) { _ in [Refused()] }], essential: ["kubmaster"])
        }
        let run = ActionRunner(
            action, inventory: "lab.yaml", surroundings: scene.surroundings, reporter: witness, read: { _ in .lab },
            connect: { _ in FakeTransport { _ in Output("0 0\n\n") } })
        #expect(await run.finish() == 1)
        let told = try #require(witness.notes.last)
        let proposed = try #require(told.split(separator: "\n").last.map { String($0).trimming { $0 == " " } })
        #expect(proposed.hasPrefix("kubeforge "), "\(told)")
        let again = try Self.action(String(proposed.dropFirst("kubeforge ".count)), scene)
        #expect(again.isDryRun && again.name == action.name && again.arguments == action.arguments)
    }

    @Test("is told why by kubectl itself where the cluster's API does not answer", arguments: asking)
    func silent(_ typed: String) async throws {
        let said = "Unable to connect to the server: x509: certificate has expired or is not yet valid"
        try await TemporaryDirectory.during { directory in
            try directory.write("kubectl", "#!/bin/sh\necho '\(said)' >&2; exit 1\n", mode: 0o755)
            let paths = [
                MachineLock.path: try directory.write("lock", ""),
                "/etc/kubernetes/admin.conf": try directory.write("admin.conf", ""),
            ]
            let (scene, witness) = (try Scene(), Witness())
            try scene.write("age\n41\n", to: "desk/rows.csv")
            var cluster = Cluster.lab
            cluster.service.models = ModelStore(url: "sftp://a@b/c", keyPath: "/k", knownHostsPath: "/h")
            let run = ActionRunner(
                try Self.action(typed, scene), inventory: "lab.yaml", surroundings: scene.surroundings,
                reporter: witness, read: { [cluster] _ in cluster },
                connect: { _ in
                    ReplacedPaths(paths, on: ForgeTestSupport.LocalTransport(programs: directory.path))
                })
            #expect(await run.finish() != 0)
            let told = witness.problems + witness.steps.compactMap { $0.problem?.description }
            #expect(told.contains { $0.contains("kubmaster: the cluster's API does not answer") }, "\(told)")
            #expect(told.contains { $0.contains(said) }, "\(told)")
        }
    }

    @Test("that runs on a machine goes on holding it when `unlock --yes` ends what runs hold")
    func unlock() async throws {
        try await TemporaryDirectory.during { directory in
            let holder = Holder(
                run: "aaaaaaaaaaaaaaaa", person: "ann@desk", computer: "c0ffee", processID: 7,
                since: "2026-11-21T09:12:03Z", command: "provision")
            let path = try directory.write("lock", "99999999\n\(holder.line)\n")
            let running = open(path, O_RDWR | O_CLOEXEC)
            #expect(flock(running, LOCK_EX | LOCK_NB) == 0)
            func isFree() -> Bool {
                let other = open(path, O_RDWR | O_CLOEXEC)
                // Let go, not only closed: a child that another test is just starting may have the descriptor, too.
                defer { _ = (flock(other, LOCK_UN), close(other)) }
                return other >= 0 && flock(other, LOCK_SH | LOCK_NB) == 0
            }
            var paths = [MachineLock.path: path]
            try directory.write("kubectl", "#!/bin/sh\necho 'connection refused' >&2; exit 1\n", mode: 0o755)
            var next = ""
            func unlock(_ typed: String = "unlock --yes", isWhole: Bool = true) async throws -> [String] {
                let transport = ReplacedPaths(paths, on: ForgeTestSupport.LocalTransport(programs: directory.path))
                let (scene, witness) = (try Scene(), Witness())
                let run = ActionRunner(
                    try Self.action(typed, scene), inventory: "lab.yaml", surroundings: scene.surroundings,
                    reporter: witness, read: { _ in .lab }, connect: { _ in transport })
                #expect((await run.finish() == 0) == isWhole, "\(witness.problems)")
                next = witness.notes.last ?? ""
                return witness.steps.filter { $0.outcome == .changed }.map(\.title)
            }
            #expect(try await unlock() == [])
            #expect(!isFree())
            // It ended, and its run keeps the machine: that is what is ended.
            _ = (flock(running, LOCK_UN), close(running))
            #expect(isFree())
            // A cluster that does not answer is told, and keeps no machine held.
            paths["/etc/kubernetes/admin.conf"] = try directory.write("admin.conf", "")
            #expect(try await unlock("unlock", isWhole: false) == [])
            #expect(
                next == """
                    next  fix the failures above, then run
                          kubeforge unlock lab.yaml
                          or release what is shown, without waiting for that:
                          kubeforge unlock --yes lab.yaml
                    """)
            #expect(try await unlock(isWhole: false).contains("no run holds the machine"))
            #expect(try directory.text("lock").isEmpty)
            // Nothing is left that could be released.
            #expect(try await unlock("unlock", isWhole: false) == [])
            #expect(next == "next  fix the failures above, then run\n      kubeforge unlock lab.yaml")
        }
    }
}

/// Is for a person to change.
private struct Refused: Step {
    let title = "a person has changed it"
    let questions: [Question] = []
    func differences(given answers: Answers) -> [Difference] { [Difference("it is as it was")] }
    func refusal(of differences: [Difference], on host: ForgeCore.Host) -> Problem? {
        Problem(what: "no", fix: "change it")
    }
    func apply(to machine: Machine) async throws { Issue.record("a dry run changed something") }
}
