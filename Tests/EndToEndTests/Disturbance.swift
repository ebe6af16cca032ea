import ForgeCore
import Foundation
import Synchronization
import Testing

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
