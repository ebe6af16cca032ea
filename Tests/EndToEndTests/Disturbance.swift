import Foundation
import Testing

/// What goes wrong in the middle of a run: with kubeforge, with the connection, or with the machine.
enum Disturbance: String, CaseIterable, Sendable {
    /// kubeforge gets SIGKILL.
    case kill
    /// The connection to the machine is reset, and every new one, too, until the run has ended.
    case cut
    /// Packets to and from the machine vanish until the run has ended.
    case drop
    /// The machine stops at once, as with a power cut, and is started again when the run has ended.
    case reset

    func strike(_ process: Int32, _ machine: String, of lab: TestLab) async throws {
        switch self {
        case .kill: #expect(Glibc.kill(process, SIGKILL) == 0 || errno == ESRCH)
        case .cut, .drop:
            try await succeed(rules(lab.inventory.address(of: machine)).map { "iptables -I \($0)" }, in: lab)
        case .reset: try await lab.killMachine(machine)
        }
    }

    func heal(_ machine: String, of lab: TestLab) async throws {
        switch self {
        case .kill: break
        case .cut, .drop:
            try await succeed(rules(lab.inventory.address(of: machine)).map { "iptables -D \($0)" }, in: lab)
        case .reset:
            let up = try await lab.kubeforge("lab", "up", lab.inventory.path)
            try #require(up.exitCode == 0, "\(up.everything)")
        }
    }

    private func rules(_ address: String) -> [String] {
        self == .cut
            ? ["OUTPUT -d \(address) -p tcp --dport 22 -j REJECT --reject-with tcp-reset"]
            : ["OUTPUT -d \(address) -p tcp --dport 22 -j DROP", "INPUT -s \(address) -p tcp --sport 22 -j DROP"]
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

extension TestLab {
    /// Runs a verb and disturbs it so long after a step has begun for which `choose` says so; nil when there was none.
    func disturbed(
        _ verb: String, by disturbance: Disturbance, after delay: Duration,
        choose: @escaping @Sendable (BegunStep) -> Bool
    ) async throws -> (run: Finished, step: BegunStep?) {
        let program = try RunningProgram(
            path: Self.program, arguments: [verb, inventory.path, "--output", "json"], environment: environment)
        var struck: BegunStep?
        for await line in program.lines where struck == nil {
            guard let event = try? JSONDecoder().decode(Finished.Line.self, from: Data(line.utf8)),
                event.event == "began",
                let host = event.host, let title = event.title, choose(BegunStep(host: host, title: title))
            else { continue }
            struck = BegunStep(host: host, title: title)
            try await Task.sleep(for: delay)
            try await disturbance.strike(program.process, host, of: self)
        }
        let run = await program.end()
        if let struck { try await disturbance.heal(struck.host, of: self) }
        return (run, struck)
    }
}
