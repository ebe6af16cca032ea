import ForgeCore

/// Waiting, as a step: its differences say what is not ready, so that a time-out names it.
package struct WaitUntil: Step {
    /// What is waited for, as it reads after "waiting until": `node kubmaster is Ready`.
    package let title: String
    /// Asked again and again, so they must be cheap.
    package let questions: [Question]
    private let limit: Duration
    private let pause: Duration
    /// What to do where it does not come true in time.
    package let fix: String
    private let notReady: @Sendable (Answers) -> [Difference]
    private let explain: (@Sendable (Machine) async throws -> String?)?
    private let cure: @Sendable (Answers) -> String?
    private let remedy: @Sendable (String) -> String?
    private let told: @Sendable (Answers, Host) -> [String]

    /// `notReady` is pure; `explain` may look further when the time is over, and gives the reason in the host's own
    /// words.
    /// `cure` is a better fix than the general one, where the last answers tell the cause; `remedy` is one where that
    /// reason does. `notes` are those of the step.
    package init(
        _ title: String, within limit: Duration, every pause: Duration = .milliseconds(500),
        asking questions: [Question], fix: String,
        explain: (@Sendable (Machine) async throws -> String?)? = nil,
        cure: @escaping @Sendable (Answers) -> String? = { _ in nil },
        remedy: @escaping @Sendable (String) -> String? = { _ in nil },
        notes: @escaping @Sendable (Answers, Host) -> [String] = { _, _ in [] },
        notReady: @escaping @Sendable (Answers) -> [Difference]
    ) {
        self.title = title
        self.questions = questions
        self.limit = limit
        self.pause = pause
        self.fix = fix
        self.explain = explain
        self.cure = cure
        self.remedy = remedy
        told = notes
        self.notReady = notReady
    }

    /// What is not ready yet; a dry run shows it as what would be waited for.
    package func differences(given answers: Answers) -> [Difference] { notReady(answers) }

    package func notes(given answers: Answers, on host: Host) -> [String] { told(answers, host) }

    /// Asks until nothing is missing. Throws when the limit is over, with what was last seen, and when the user stops
    /// the run.
    package func apply(to machine: Machine) async throws {
        var last = Answers()
        let isReady = try await machine.poll(within: limit, every: pause) {
            last = try await machine.ask(questions)
            return notReady(last).isEmpty
        }
        guard isReady else { throw timeOut(given: last, on: machine.host, await reason(on: machine)) }
    }

    /// What else can be found out when the time is over; nil where that is nothing.
    package func reason(on machine: Machine) async -> String? { (try? await explain?(machine)) ?? nil }

    /// What is told when the time is over, with what else was found out. Pure.
    package func timeOut(given last: Answers, on host: Host, _ more: String? = nil) -> Problem {
        let seen = notReady(last).map(\.text).joined(separator: "\n")
        return Problem(
            what: "\(host.name): timed out after \(limit.components.seconds) s waiting until \(title)",
            why: [seen, more].compactMap { $0 }.joined(separator: "\n"),
            fix: more.flatMap(remedy) ?? cure(last) ?? fix)
    }
}
