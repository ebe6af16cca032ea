import ForgeCore

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
        package var isDryRun = false
        /// Hosts worked on at once.
        package var width = 32
        /// Looked at before each step: after a first Ctrl-C running steps end, and no new one begins.
        package var isInterrupted: @Sendable () -> Bool = { false }

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

    /// Of a run without a plan: who could not be reached, and how much was said to the others.
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

    mutating func add(_ visit: HostRunState) {
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
