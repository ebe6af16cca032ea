import ForgeCore
import Foundation
import Synchronization
import Testing

/// One lab for each kind of disturbance. Every step of `provision` and of `deploy` is disturbed once, in the order in
/// which they come: each run is disturbed at the first step that no earlier one was disturbed at, so it must have done
/// all that was disturbed before. All machines are struck at once: one that could go on would do steps undisturbed,
/// which no later run begins again. `disturbOnce` strikes one alone.
/// `make test-faults` runs four labs at once: a disturbed run mostly waits. The seed is printed, and
/// `KUBEFORGE_FAULT_SEED` brings the same moments again.
@Suite("Disturbed at every step", .enabled(if: TestLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"))
struct FaultTests {
    /// What the service of an undisturbed run answers to each row, one a line.
    private static let undisturbed = Task {
        do {
            return try await answers(of: "undisturbed", on: "10.91.0") { lab in
                for verb in ["provision", "deploy"] {
                    let run = try await lab.kubeforge(verb, lab.inventory.path)
                    try #require(run.exitCode == 0, "\(run.everything)")
                }
            }
        } catch {
            throw NothingToCompareWith(why: "\(error)")
        }
    }

    /// A requirement that is not met is recorded once, and whoever throws it again passes: each test that waits for the
    /// undisturbed run fails with this.
    private struct NothingToCompareWith: Error {
        let why: String
    }

    @Test("an undisturbed run is what the others are compared with")
    func undisturbedRun() async throws {
        let answers = try await Self.undisturbed.value
        #expect(answers.count == OwnData.rows && answers.allSatisfy { $0.contains("\"lda\"") }, "\(answers)")
    }

    @Test("the next run goes on, and the last one leaves what an undisturbed one does", arguments: Share.wanted)
    func everyStep(share: Share) async throws {
        let seed = Disturbance.seed()
        print("\(share.name): KUBEFORGE_FAULT_SEED=\(seed)")
        var chance = SeededNumbers(seed: seed)
        let answers = try await Self.answers(of: share.name, on: share.network) { lab in
            for verb in ["provision", "deploy"] { try await disturb(verb, by: share, in: lab, &chance) }
        }
        #expect(try await answers == Self.undisturbed.value)
    }

    /// Makes a lab, does the work in it, and takes it away, however that ended; the smoke test must pass before.
    private static func answers(
        of name: String, on network: String, after work: (TestLab) async throws -> Void
    ) async throws -> [String] {
        let lab = try TestLab(
            cluster: "kubeforge-faults-\(name)", network: network, hasOwnData: true,
            distributions: ["kubmaster": "debian-13", "kubnode": "debian-12"])
        _ = try await lab.kubeforge("lab", "down", lab.inventory.path)
        for disturbance in [Disturbance.cut, .drop] { await disturbance.clear(lab) }
        do {
            let up = try await lab.kubeforge("lab", "up", lab.inventory.path)
            try #require(up.exitCode == 0, "\(up.everything)")
            try await work(lab)
            let smoke = try await lab.kubeforge("smoke-test", lab.inventory.path)
            #expect(smoke.exitCode == 0, "\(smoke.everything)")
            let service = "http://\(lab.inventory.address(of: "kubnode")):30080"
            let answers = try await lab.curl("\(service)/prediction/[0-\(OwnData.rows - 1)]")
            try await remove(lab)
            return answers.output.split(separator: "\n").map(String.init)
        } catch {
            try await remove(lab)
            throw error
        }
    }

    private static func remove(_ lab: TestLab) async throws {
        let down = try await lab.kubeforge("lab", "down", lab.inventory.path)
        #expect(down.exitCode == 0, "\(down.everything)")
        try FileManager.default.removeItem(at: lab.directory)
    }

    /// A wait changes nothing: a cluster whose machines were reset a minute ago reports a pod of its own as Pending now
    /// and then, after it has reported all as running.
    private static func isWait(_ title: String) -> Bool {
        title == "the cluster's own pods run" || title.hasSuffix(" is Ready") || title.hasSuffix(" answers on 6443")
            || title.contains(" reaches ") || title.contains(" are ready with ")
    }

    private func disturb(_ verb: String, by share: Share, in lab: TestLab, _ chance: inout SeededNumbers) async throws {
        let disturbance = share.disturbance
        let struck = Mutex<Set<BegunStep>>([])
        while true {
            let delay = Duration.milliseconds(Int.random(in: 0...300, using: &chance))
            let start = ContinuousClock.now
            let (run, step, running) = try await lab.disturbed(
                verb, by: disturbance, after: delay, on: lab.inventory.hosts.map(\.name)
            ) { step in share.contains(step) && struck.withLock { $0.insert(step).inserted } }
            struck.withLock { $0.formUnion(running) }
            let took = (ContinuousClock.now - start).components.seconds
            guard let step else {
                try #require(run.exitCode == 0, "\(verb), undisturbed in the end: \(run.everything)")
                break
            }
            for one in [step] + running {
                print(
                    """
                    | \(disturbance.rawValue) | \(verb) | \(one.title) | \(one.host) | \(delay) | exit code \
                    \(run.exitCode) | \(took) s |
                    """
                )
            }
            // A run that ended by itself tells how it ended; a trap would be 132 or more.
            #expect(disturbance == .kill || run.exitCode < 128, "\(step): \(run.everything)")
        }
        let again = try await lab.kubeforge(verb, lab.inventory.path, "--output", "json")
        #expect(again.exitCode == 0, "\(again.everything)")
        let changed = try again.events().filter { $0.outcome == "changed" }.compactMap(\.title)
        #expect(changed.filter { !Self.isWait($0) } == [])
    }
}

/// The steps that are disturbed in one lab. What takes a minute for each is shared by two.
struct Share: Sendable, CustomTestStringConvertible {
    let disturbance: Disturbance
    /// The lab's own, so that several may run at once.
    let network: String
    /// Which half of the steps; all where it is nil.
    var half: Int?

    static let all = [
        Share(disturbance: .drop, network: "10.88.0", half: 0), Share(disturbance: .drop, network: "10.93.0", half: 1),
        Share(disturbance: .reset, network: "10.89.0", half: 0),
        Share(disturbance: .reset, network: "10.94.0", half: 1),
        Share(disturbance: .kill, network: "10.86.0"), Share(disturbance: .cut, network: "10.87.0"),
    ]

    static var wanted: [Share] { all.filter { Disturbance.wanted.contains($0.disturbance) } }

    var name: String { disturbance.rawValue + (half.map { "-\($0 + 1)" } ?? "") }

    var testDescription: String { name }

    /// The same in each lab, whatever the order of the steps.
    func contains(_ step: BegunStep) -> Bool {
        half.map { $0 == (step.host + step.title).utf8.reduce(0) { $0 + Int($1) } % 2 } ?? true
    }
}
