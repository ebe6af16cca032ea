import ForgeCore
import Synchronization

/// Runs plans: asks, applies, asks again, and tells what happens as events.
package struct Executor: Sendable {
    /// The hosts of the run, connected before the executor is made.
    package let fleet: Fleet
    /// Told of all hosts, by several tasks at once.
    package let reporter: any Reporter
    /// How far the run may go: whether it changes anything, and when it stops.
    package let options: Options

    package init(fleet: Fleet, reporter: any Reporter, options: Options = Options()) {
        self.fleet = fleet
        self.reporter = reporter
        self.options = options
    }

    /// What the user chose, and how the run learns that it must stop.
    package struct Options: Sendable {
        /// Only ask; no `Machine` is ever made.
        package var isDryRun: Bool
        /// Hosts worked on at once.
        package var width: Int
        /// Looked at before each step: after a first Ctrl-C running steps end, and no new one begins.
        package var isInterrupted: @Sendable () -> Bool

        /// Asked before each change; what it throws keeps the step from being applied.
        package var mayChange: @Sendable () async throws -> Void = {}

        package init(isDryRun: Bool = false, width: Int = 32, isInterrupted: @escaping @Sendable () -> Bool = { false })
        {
            self.isDryRun = isDryRun
            self.width = width
            self.isInterrupted = isInterrupted
        }
    }

    /// Runs the plan to its end or to the stage that an essential host failed in.
    package func run(_ plan: Plan) async -> RunResult {
        var result = RunResult()
        for (host, problem) in fleet.unreachable { result.fail(host, problem) }
        var answers = await firstLook(plan, &result)
        for stage in plan.stages {
            if options.isInterrupted() || !plan.essential.isDisjoint(with: result.failures.keys) { break }
            reporter.report(.stageBegan(stage.name))
            let visits = await visit(stage, answers, result)
            for visit in visits {
                result.add(visit)
                answers[visit.host] = visit.answers
            }
            // What a stage changed on one host can change the truth of another, so the next stage looks again.
            if visits.contains(where: \.hasApplied) { answers = [:] }
        }
        await addTraffic(&result)
        return result
    }

    /// The result of a run without a plan: who could not be reached, and how much was said to the others.
    package func result() async -> RunResult {
        var result = RunResult()
        for (host, problem) in fleet.unreachable { result.fail(host, problem) }
        await addTraffic(&result)
        return result
    }

    private func addTraffic(_ result: inout RunResult) async {
        for name in fleet.reachable.map(\.name) {
            result.hosts[name, default: HostSummary()].traffic = await fleet.traffic(name)
        }
    }

    private func firstLook(_ plan: Plan, _ result: inout RunResult) async -> [String: Answers] {
        var answers: [String: Answers] = [:]
        for (name, look) in await fleet.ask(width: options.width, { plan.questions(for: $0.name) }) {
            switch look {
            case .success(let answer): answers[name] = answer
            case .failure(let problem):
                reporter.report(.problem(problem, host: name))
                result.fail(name, problem)
            }
        }
        return answers
    }

    private func visit(_ stage: Stage, _ answers: [String: Answers], _ result: RunResult) async -> [HostRunState] {
        let work = stage.work.filter { result.failures[$0.host.name] == nil }
        return await work.mapConcurrently(width: options.width) { work in
            var visit = HostRunState(host: work.host.name, answers: answers[work.host.name, default: Answers()])
            await HostRun(executor: self, stage: stage, work: work).run(&visit)
            return visit
        }
    }
}

/// How a run ended, host by host.
package struct RunResult: Sendable {
    /// By the host's name; failures to reach a host are counted here.
    package var hosts: [String: HostSummary] = [:]
    /// The first problem of each host that failed.
    package var failures: [String: Problem] = [:]

    package init() {}

    mutating func fail(_ host: String, _ problem: Problem) {
        if failures[host] == nil { failures[host] = problem }
        hosts[host, default: HostSummary()].failed += 1
    }

    fileprivate mutating func add(_ visit: HostRunState) {
        for outcome in visit.outcomes { hosts[visit.host, default: HostSummary()].count(outcome) }
        if let problem = visit.problem, failures[visit.host] == nil { failures[visit.host] = problem }
    }

    /// `failed` when an essential host failed, or when nothing else is left; `incomplete` when the rest is done.
    package func outcome(essential: Set<String>) -> Summary.Outcome {
        if failures.isEmpty { return .ok }
        let isAllLost = hosts.keys.allSatisfy { failures[$0] != nil }
        return isAllLost || !essential.isDisjoint(with: failures.keys) ? .failed : .incomplete
    }
}

/// What one stage found and did on one host.
private struct HostRunState: Sendable {
    let host: String
    /// What is known and still true; a question that is not in it must be asked.
    var answers: Answers
    var outcomes: [StepReport.Outcome] = []
    var problem: Problem?
    /// Whether a step was applied, however that ended.
    var hasApplied = false
}

/// One host's way through one stage.
private struct HostRun: Sendable {
    let executor: Executor
    let stage: Stage
    let work: Stage.Work

    func run(_ visit: inout HostRunState) async {
        for (index, step) in work.steps.enumerated() {
            if executor.options.isInterrupted() { return }
            if visit.problem != nil && !stage.goesOnAfterFailure { return }
            let report = await take(step, rest: work.steps[index...], &visit)
            visit.outcomes.append(report.outcome)
            if visit.problem == nil { visit.problem = report.problem }
            executor.reporter.report(.step(report))
            if report.problem == nil {
                for note in step.notes(given: visit.answers, on: work.host) { executor.reporter.report(.note(note)) }
            }
        }
    }

    /// Asks, changes if need be, and asks again. Failed until proven otherwise. `rest`: from this step on.
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
        let questions = visit.answers.missing(of: rest.flatMap(\.questions))
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
    fileprivate init(stillNotSo step: any Step, on host: String, _ remaining: [Difference]) {
        self.init(
            what: "\(host): \(step.title): the change did not take effect",
            why: remaining.map(\.text).joined(separator: "\n"),
            fix: "look at the log for what the change printed, and run again")
    }
}
