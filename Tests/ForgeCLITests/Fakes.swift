import ForgeCLI
import ForgeCore
import ForgeInventory
import ForgePlan
import Synchronization

/// What happened, in order.
final class Witness: Reporter {
    private let seen = Mutex<[Event]>([])
    private let onEvent: @Sendable (Event) -> Void

    init(_ onEvent: @escaping @Sendable (Event) -> Void = { _ in }) { self.onEvent = onEvent }

    func report(_ event: Event) {
        seen.withLock { $0.append(event) }
        onEvent(event)
    }

    var notes: [String] { events.compactMap { if case .note(let text) = $0 { text } else { nil } } }

    var problems: [String] {
        events.compactMap { if case .problem(let problem, let host) = $0 { "\(host ?? "-"): \(problem)" } else { nil } }
    }

    var steps: [StepReport] { events.compactMap { if case .step(let report) = $0 { report } else { nil } } }

    var tables: [Table] { events.compactMap { if case .table(let table) = $0 { table } else { nil } } }

    var summary: Summary? { events.compactMap { if case .summary(let summary) = $0 { summary } else { nil } }.last }

    private var events: [Event] { seen.withLock { $0 } }
}

/// A step that a test holds the strings of. It asks nothing.
struct FakeStep: Step {
    let title: String
    var differences: [Difference] = []
    var change: @Sendable (Machine) async throws -> Void = { _ in }
    private let isDone = Done()

    private final class Done: Sendable {
        let value = Atomic(false)
    }

    init(
        _ title: String, _ differences: [Difference] = [],
        change: @escaping @Sendable (Machine) async throws -> Void = { _ in }
    ) {
        self.title = title
        self.differences = differences
        self.change = change
    }

    var questions: [Question] { [] }

    func differences(given answers: Answers) -> [Difference] {
        isDone.value.load(ordering: .relaxed) ? [] : differences
    }

    func apply(to machine: Machine) async throws {
        try await change(machine)
        isDone.value.store(true, ordering: .relaxed)
    }
}

/// A transport whose every command is answered by a closure.
struct FakeTransport: Transport {
    var answer: @Sendable (Command) async throws -> Output = { _ in Output() }

    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        try await answer(command)
    }

    var traffic: Traffic { Traffic(roundTrips: 2, bytesSent: 300, bytesReceived: 4000) }

    func close() async {}
}

extension Cluster {
    static let lab = Cluster(
        name: "lab", kubernetes: Version("1.36.2")!, hosts: [.kubmaster, .kubnode])
}

extension Host {
    static let kubmaster = fake("kubmaster", "10.77.0.11", .controlPlane)
    static let kubnode = fake("kubnode", "10.77.0.12", .worker)

    private static func fake(_ name: String, _ address: String, _ role: Host.Role) -> Host {
        Host(
            name: name, address: IPv4Address(address)!, role: role, isSchedulable: false,
            access: Host.Access(user: "ubuntu", keyPath: nil, knownHostsPath: "/dev/null"))
    }
}
