import ForgeCore
import ForgePlan
import ForgeTestSupport
import Synchronization

/// A host with truths that steps look at and make: `.module(NAME)` asks for one, the command `make NAME` brings it
/// about.
actor FakeHost: Transport {
    private(set) var truths: Set<String>
    /// What was run, in order: `look` with the names asked, or the command's line.
    private(set) var log: [String] = []
    private let onMake: @Sendable (String) async -> Effect

    enum Effect: Sendable {
        case makes, nothing
        case fails(String)
        /// Makes it so, and something else not so any longer.
        case breaks(String)
    }

    init(_ truths: Set<String> = [], onMake: @escaping @Sendable (String) async -> Effect = { _ in .makes }) {
        self.truths = truths
        self.onMake = onMake
    }

    var traffic: Traffic { Traffic(roundTrips: log.count) }

    func close() async {}

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        let asked = command.inputText.matches(of: /\/sys\/module\/([a-z0-9-]+)/).map { String($0.1) }
        log.append(asked.isEmpty ? command.line : "look \(asked.joined(separator: " "))")
        if !asked.isEmpty { return Output(asked.map { frame("", code: truths.contains($0) ? 0 : 1) }.joined()) }
        return await make(command.words.last?.text ?? "", onLine)
    }

    private func make(_ name: String, _ onLine: @Sendable (OutputLine) -> Void) async -> Output {
        onLine(OutputLine(stream: .standardOutput, text: "making \(name)"))
        switch await onMake(name) {
        case .makes: truths.insert(name)
        case .nothing: break
        case .fails(let reason): return .failed(100, reason)
        case .breaks(let other):
            truths.insert(name)
            truths.remove(other)
        }
        return Output()
    }
}

/// NAME is so on the host.
struct Truth: Step {
    let name: String
    var input: String?

    init(_ name: String, input: String? = nil) {
        self.name = name
        self.input = input
    }

    var title: String { "\(name) is so" }
    var questions: [Question] { [.module(name)] }

    func differences(given answers: Answers) -> [Difference] { answers.hasModule(name) ? [] : ["\(name) is not so"] }

    func apply(to machine: Machine) async throws {
        let command = Command("make", Word(name))
        try await machine.run(input.map { command.reading(.secret(Array($0.utf8))) } ?? command, fix: "try again")
    }
}

/// NAME must be so, and kubeforge will not change it.
func must(_ name: String) -> any Step {
    Requirement("\(name) is so", asking: [.module(name)], fix: "make \(name)") {
        $0.hasModule(name) ? [] : ["\(name) is not so"]
    }
}

/// Everything that was told, as lines.
final class Listener: Reporter {
    private let told = Mutex<[String]>([])

    var lines: [String] { told.withLock { $0 } }

    /// The lines about one host: hosts are worked on at once, so only each one's own order is certain.
    func lines(about host: String) -> [String] { lines.filter { $0.hasPrefix(host + ":") || $0.hasPrefix("==") } }

    func report(_ event: Event) { told.withLock { $0.append(Self.line(event)) } }

    private static func line(_ event: Event) -> String {
        switch event {
        case .note(let text): text
        case .stageBegan(let name): "== \(name)"
        case .stepBegan(let host, let title): "\(host): … \(title)"
        case .output(let host, let line): "\(host): > \(line.text)"
        case .step(let report):
            "\(report.host): \(report.outcome) \(report.title)"
                + (report.differences.isEmpty ? "" : " (\(report.differences.map(\.text).joined(separator: ", ")))")
        case .check(let report): report.name
        case .confusion(let matrix): matrix.model
        case .table(let table): "\(table.kind): \(table.rows.count) rows"
        case .load(let report): "\(report.host): load"
        case .podLine(let line): "\(line.pod): > \(line.text)"
        case .problem(let problem, let host): "\(host ?? "-"): \(problem.what)"
        case .summary: "summary"
        }
    }
}

/// A run over fake hosts.
struct Rehearsal {
    let hosts: [String: FakeHost]
    var essential: Set<String> = []
    var options = Executor.Options()
    let listener = Listener()

    init(_ hosts: [String: FakeHost], essential: Set<String> = [], options: Executor.Options = Executor.Options()) {
        self.hosts = hosts
        self.essential = essential
        self.options = options
    }

    static func stage(_ name: String, goesOnAfterFailure: Bool = false, _ steps: [String: [any Step]]) -> Stage {
        let work = steps.sorted { $0.key < $1.key }.map { Stage.Work(host: Example.host($0.key), steps: $0.value) }
        return Stage(name, goesOnAfterFailure: goesOnAfterFailure, work)
    }

    func run(_ stages: Stage...) async -> RunResult {
        let fleet = await Fleet.connect(hosts.keys.sorted().map { Example.host($0) }, width: 8) { host in
            hosts[host.name]!
        }
        return await Executor(fleet: fleet, reporter: listener, options: options).run(
            Plan(stages: stages, essential: essential))
    }
}
