import ForgeCore
import Synchronization

/// What one stage found and did on one host.
struct HostRunState: Sendable {
    let host: String
    /// What is known and still true; a question that is not in it must be asked.
    var answers: Answers
    var outcomes: [StepReport.Outcome] = []
    var problem: Problem?
    /// Whether a step was applied, however that ended.
    var hasApplied = false
}

/// One host's way through one stage.
struct HostRun: Sendable {
    let executor: Executor
    let stage: Stage
    let work: Stage.Work

    func run(_ visit: inout HostRunState) async {
        for (index, step) in work.steps.enumerated() {
            if executor.options.isInterrupted() { return }
            if visit.problem != nil && !stage.goesOnAfterFailure { return }
            let report = await take(step, rest: work.steps[(index + 1)...], &visit)
            visit.outcomes.append(report.outcome)
            if visit.problem == nil { visit.problem = report.problem }
            executor.reporter.report(.step(report))
            if report.problem == nil {
                for note in step.notes(given: visit.answers, on: work.host) { executor.reporter.report(.note(note)) }
            }
        }
    }

    /// Looks, changes if need be, and looks again. Failed until proven otherwise.
    private func take(_ step: any Step, rest: ArraySlice<any Step>, _ visit: inout HostRunState) async -> StepReport {
        let began = ContinuousClock.now
        var report = StepReport(
            stage: stage.name, host: work.host.name, title: step.title, outcome: .failed, differences: [], seconds: 0)
        do {
            let known = try await look(at: step, rest: rest, &visit)
            report.differences = step.differences(given: known)
            if report.differences.isEmpty {
                report.outcome = .unchanged
            } else if let refusal = step.refusal(of: report.differences, on: work.host) {
                throw refusal
            } else if executor.options.isDryRun {
                report.outcome = .wouldChange
            } else {
                report.differences += try await change(step, rest: rest, &visit)
                report.outcome = .changed
            }
        } catch {
            report.problem = Problem(error, on: work.host.name)
        }
        report.seconds = (ContinuousClock.now - began).seconds
        return report
    }

    /// Asks what is not known yet, in one round trip: of the step that is next, and then of all that follow it.
    private func look(at step: any Step, rest: ArraySlice<any Step>, _ visit: inout HostRunState) async throws
        -> Answers
    {
        if visit.answers.missing(of: step.questions).isEmpty { return visit.answers }
        let questions = visit.answers.missing(of: ([step] + rest).flatMap(\.questions))
        visit.answers.merge(try await executor.fleet.transport(work.host.name).ask(questions, of: work.host))
        return visit.answers
    }

    /// Applies the step and asks again: its own questions, to see that it holds, and those of the steps after it, which
    /// it may have changed.
    /// What the step told beside comes back.
    private func change(_ step: any Step, rest: ArraySlice<any Step>, _ visit: inout HostRunState) async throws
        -> [Difference]
    {
        let (host, reporter) = (work.host.name, executor.reporter)
        try await executor.options.mayChange()
        reporter.report(.stepBegan(host: host, title: step.title))
        visit.answers = Answers()
        visit.hasApplied = true
        let news = Details()
        let machine = try executor.fleet.machine(host) { told in
            switch told {
            case .line(let line): reporter.report(.output(host: host, line))
            case .detail(let difference): news.all.withLock { $0.append(difference) }
            case .podLine(let line): reporter.report(.podLine(line))
            }
        }
        try await step.apply(to: machine)
        let remaining = step.differences(given: try await look(at: step, rest: rest, &visit))
        guard remaining.isEmpty else { throw Problem(stillNotSo: step, on: host, remaining) }
        return news.all.withLock { $0 }
    }
}

/// What a step tells while it is applied, from wherever it works.
private final class Details: Sendable {
    let all = Mutex<[Difference]>([])
}

extension Problem {
    init(stillNotSo step: any Step, on host: String, _ remaining: [Difference]) {
        self.init(
            what: "\(host): \(step.title): the change did not take effect",
            why: remaining.map(\.text).joined(separator: "\n"),
            fix: "look at the log for what the change printed, and run again")
    }
}
