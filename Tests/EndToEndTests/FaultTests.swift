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
        try await answers(of: "undisturbed", on: "10.91.0") { lab in
            for verb in ["provision", "deploy"] {
                let run = try await lab.kubeforge(verb, lab.inventory.path)
                try #require(run.exitCode == 0, "\(run.everything)")
            }
        }
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
            || title.contains(" reaches ") || title.contains(" answer with ")
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

extension TestLab {
    /// The short form: one run is disturbed at one of its first `steps` steps. What happens, where and when is drawn;
    /// the seed is printed.
    func disturbOnce(_ verb: String, atOneOfTheFirst steps: Int) async throws {
        let seed = Disturbance.seed()
        var chance = SeededNumbers(seed: seed)
        let disturbance = try #require(Disturbance.wanted.randomElement(using: &chance))
        let number = Int.random(in: 1...steps, using: &chance)
        let delay = Duration.milliseconds(Int.random(in: 0...1500, using: &chance))
        print("\(verb): \(disturbance.rawValue) \(delay) after step \(number) has begun; KUBEFORGE_FAULT_SEED=\(seed)")
        let begun = Mutex(0)
        let (run, step, _) = try await disturbed(verb, by: disturbance, after: delay) { _ in
            begun.withLock { count in
                count += 1
                return count == number
            }
        }
        let struck = try #require(step, "fewer than \(number) steps began: \(run.everything)")
        print("\(struck.host): \(struck.title): exit code \(run.exitCode)")
        #expect(disturbance == .kill || run.exitCode < 128, "\(run.everything)")
    }
}

extension Disturbance {
    /// That of `KUBEFORGE_FAULT_SEED`, else a new one.
    static func seed() -> UInt64 {
        ProcessInfo.processInfo.environment["KUBEFORGE_FAULT_SEED"].flatMap(UInt64.init)
            ?? .random(in: 0...UInt64(UInt32.max))
    }

    /// All, or those of `KUBEFORGE_FAULTS`, with commas between them.
    static var wanted: [Disturbance] {
        let named = ProcessInfo.processInfo.environment["KUBEFORGE_FAULTS"]?.split(separator: ",").map(String.init)
        return named.map { names in allCases.filter { names.contains($0.rawValue) } } ?? allCases
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

/// A release with one fault built in, and what kubeforge must say of it.
struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    let overlay: Overlay
    /// In the error, all of it.
    let says: [String]

    var testDescription: String { name }

    static let all = [
        Fault(
            name: "a pod that does not bring the registry's password",
            overlay: Overlay(
                file: "kubernetes/base/deployment.yaml",
                change: ("imagePullSecrets:\n        - name: {{ pullSecret }}", "# Without {{ pullSecret }}."),
                // The nodes have the image by now, and would not ask for it.
                andChange: ("imagePullPolicy: IfNotPresent", "imagePullPolicy: Always")),
            says: ["the image could not be pulled", ".11:5443/mlops/inference"]),
        Fault(
            name: "a program that crashes at its start",
            overlay: Overlay(
                file: "service/api.py",
                change: (
                    "def create_app(data=None, trained=None):",
                    "raise SystemExit('no licence')\n\n\ndef create_app(data=None, trained=None):"
                )),
            says: ["the program ends with exit code", "| ", "no licence"]),
        Fault(
            name: "a limit of memory that is too low",
            overlay: Overlay(
                file: "kubernetes/base/deployment.yaml",
                change: (
                    "memory: 256Mi\n            limits:\n              memory: {{ memory }}",
                    "memory: 24Mi\n            limits:\n              memory: 24Mi"
                )),
            says: ["OOMKilled"]),
        Fault(
            name: "a probe that says no",
            overlay: Overlay(
                file: "service/api.py",
                change: ("if self.serving.is_expected(got) else", "if not self.serving.is_expected(got) else")),
            says: ["it runs, and is not ready", "HTTP probe failed with statuscode: 503"]),
        Fault(
            name: "a pod that no node has room for",
            overlay: Overlay(file: "kubernetes/base/deployment.yaml", change: ("cpu: {{ cpu }}", "cpu: \"64\"")),
            says: ["no node takes the pod", "Insufficient cpu"]),
        wrongAnswers,
    ]

    static let wrongAnswers = Fault(
        name: "models that get other features than in training",
        overlay: Overlay(
            file: "service/api.py",
            change: (
                "self.batcher.ask(self.serving.rows(place), lambda",
                "self.batcher.ask(self.serving.rows(place)[:, ::-1], lambda"
            )),
        says: [
            "answers differ from training", "the service does not transform features as training did",
            "/prediction/",
        ])
}

/// What goes wrong in the middle of a run: with kubeforge, with the connection, or with the machine.
enum Disturbance: String, CaseIterable, Sendable {
    /// Packets to and from the machine vanish until the run has ended.
    case drop
    /// kubeforge gets SIGKILL.
    case kill
    /// The connection to the machine is reset, and every new one, too, until the run has ended.
    case cut
    /// The machine stops at once, as with a power cut, and is started again when the run has ended.
    case reset

    func strike(_ process: Int32, _ machines: [String], of lab: TestLab) async throws {
        switch self {
        case .kill: #expect(Glibc.kill(process, SIGKILL) == 0 || errno == ESRCH)
        case .cut, .drop: try await succeed(rules(machines, of: lab).map { "iptables -I \($0)" }, in: lab)
        case .reset: for machine in machines { try await lab.killMachine(machine) }
        }
    }

    func heal(_ machines: [String], of lab: TestLab) async throws {
        switch self {
        case .kill: break
        case .cut, .drop: try await succeed(rules(machines, of: lab).map { "iptables -D \($0)" }, in: lab)
        case .reset:
            let up = try await lab.kubeforge("lab", "up", lab.inventory.path)
            try #require(up.exitCode == 0, "\(up.everything)")
        }
    }

    /// Takes away what a run that was ended in the middle has left.
    func clear(_ lab: TestLab) async {
        for rule in rules(lab.inventory.hosts.map(\.name), of: lab) {
            while let run = try? await lab.asRoot("iptables -D \(rule)"), run.exitCode == 0 {}
        }
    }

    private func rules(_ machines: [String], of lab: TestLab) -> [String] {
        machines.map(lab.inventory.address).flatMap { address in
            self == .cut
                ? ["OUTPUT -d \(address) -p tcp --dport 22 -j REJECT --reject-with tcp-reset"]
                : ["OUTPUT -d \(address) -p tcp --dport 22 -j DROP", "INPUT -s \(address) -p tcp --sport 22 -j DROP"]
        }
    }

    private func succeed(_ lines: [String], in lab: TestLab) async throws {
        for line in lines {
            let run = try await lab.asRoot(line)
            try #require(run.exitCode == 0, "\(line): \(run.everything)")
        }
    }
}

/// A step of a run, once it has begun: `host` is where.
struct BegunStep: Hashable, Sendable {
    let host: String
    let title: String
}

/// What has begun on each host, and not ended.
private final class RunningSteps: Sendable {
    let byHost = Mutex<[String: BegunStep]>([:])
}

extension TestLab {
    /// Runs a verb and disturbs it so long after a step has begun for which `choose` says so; `step` is nil when there
    /// was none. `machines`: those that are struck; the step's own where none is named. `running`: the steps of other
    /// hosts that had begun and not ended when it did.
    func disturbed(
        _ verb: String, by disturbance: Disturbance, after delay: Duration, on machines: [String] = [],
        choose: @escaping @Sendable (BegunStep) -> Bool
    ) async throws -> (run: Finished, step: BegunStep?, running: [BegunStep]) {
        let program = try RunningProgram(
            path: Self.program, arguments: [verb, inventory.path, "--output", "json"], environment: environment)
        let begun = RunningSteps()
        var blow: Task<(BegunStep, [BegunStep]), any Error>?
        for await line in program.lines {
            guard let event = try? JSONDecoder().decode(Finished.Line.self, from: Data(line.utf8)),
                let host = event.host, let title = event.title
            else { continue }
            let step = BegunStep(host: host, title: title)
            if event.event == "step" { begun.byHost.withLock { $0[host] = nil } }
            guard event.event == "began" else { continue }
            begun.byHost.withLock { $0[host] = step }
            guard blow == nil, choose(step) else { continue }
            blow = Task {
                try await Task.sleep(for: delay)
                let running = begun.byHost.withLock { $0.values.filter { $0 != step } }
                try await disturbance.strike(program.process, machines.isEmpty ? [host] : machines, of: self)
                return (step, running)
            }
        }
        let run = await program.end()
        guard let (struck, running) = try await blow?.value else { return (run, nil, []) }
        try await disturbance.heal(machines.isEmpty ? [struck.host] : machines, of: self)
        return (run, struck, running)
    }
}
