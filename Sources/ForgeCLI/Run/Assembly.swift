import ArgumentParser
import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeSSH
import Foundation
import Logging
import Synchronization

/// The one place where the real parts are put together.
struct Assembly {
    let surroundings: ProcessEnvironment
    private let outputFailure = OutputFailure()

    /// With this process's surroundings.
    init() {
        let environment = ProcessInfo.processInfo.environment
        surroundings = ProcessEnvironment(
            environment: environment, directory: FileManager.default.currentDirectoryPath,
            home: environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory(),
            output: .descriptor(1, onFailure: outputFailure), progress: .descriptor(2, onFailure: outputFailure),
            now: { Date() },
            processID: ProcessInfo.processInfo.processIdentifier)
    }

    /// Runs the action; an exit code that is not 0 is thrown, after everything about it has been told. `reports` are
    /// files to write at the end.
    func run(_ action: Action, inventory: String?, _ options: RunOptions, reports: [String] = []) async throws {
        let reports = try reports.map { try ReportFile($0, action: action.name, surroundings) }
        let log = try makeLog(action)
        let narrator = narrator(action.name, isDryRun: action.isDryRun, showsOutput: action.showsOutput, options, log)
        let narration = QueuedReporter(narrator.reporter, hasLog: log != nil)
        let reporter = RedactingReporter(CompositeReporter([narration] + (log.map { [$0] } ?? []) + reports))
        var run = ActionRunner(
            action, inventory: inventory, surroundings: surroundings, reporter: reporter,
            read: { [surroundings] in try InventoryReader(home: surroundings.home).read($0) },
            connect: connect(options, reporter))
        run.templates = options.templates
        run.width = options.width
        run.diagnostics = diagnostics(narration, options, log)
        run.onHosts = { narrator.screen?.expect($0) }
        let signals = try Signals { [cancellation = run.cancellation] in cancellation.request() }
        // Nobody reads the output any longer: the run ends as after Ctrl-C.
        outputFailure.onFailure { [cancellation = run.cancellation] in cancellation.request() }
        let code = await run.finish()
        if let loss = log?.loss { narration.report(.note(loss)) }
        narration.finish()
        for report in reports { try report.write() }
        signals.end()
        // `logs --follow | head` has seen what it wanted.
        try end(code, needsOutput: !action.endsWhenInterrupted)
    }

    /// Runs work that has no cluster, such as the lab's, and tells it as every run is told. The work returns what to
    /// type next, line by line; an exit code that is not 0 is thrown.
    func run(_ name: String, _ options: RunOptions, work: (any Reporter) async throws -> [String]) async throws {
        let narration = QueuedReporter(narrator(name, options, nil).reporter)
        let steps = StepCounter()
        let reporter = RedactingReporter(CompositeReporter([narration, steps]))
        let began = surroundings.now()
        var (outcome, code, next) = (Summary.Outcome.ok, Int32(0), [String]())
        do {
            next = try await work(reporter)
        } catch {
            let problems = Problems(error, on: name)
            for problem in problems.all { reporter.report(.problem(problem, host: nil)) }
            (outcome, code) = (.failed, problems.exitCode)
        }
        let seconds = surroundings.now().timeIntervalSince(began)
        reporter.report(.summary(Summary(outcome: outcome, hosts: steps.hosts, seconds: seconds)))
        reporter.tell(next: next)
        narration.finish()
        try end(code, needsOutput: true)
    }

    /// Throws an exit code that is not 0: also where all was done and its output was lost, on a full disk or in a pipe
    /// that nobody reads.
    private func end(_ code: Int32, needsOutput: Bool) throws {
        if code != 0 { throw ExitCode(code) }
        guard needsOutput, outputFailure.hasHappened else { return }
        throw Problem(
            what: "the output could not be written, and is not complete",
            why: "the disk is full, or the pipe is closed",
            fix: "make room, and run again")
    }

    /// A dry run leaves nothing behind, so it has no log either.
    private func makeLog(_ action: Action) throws(Problem) -> LogReporter? {
        if action.isDryRun { return nil }
        let file = try LogFile(
            action: action.name.replacing(" ", with: "-"), at: surroundings.now(), in: StateDirectory(surroundings))
        return LogReporter(file, now: surroundings.now, keepsPodLines: action.showsOutput)
    }

    private func narrator(
        _ name: String, isDryRun: Bool = false, showsOutput: Bool = false, _ options: RunOptions, _ log: LogReporter?
    ) -> Narrator {
        if options.isJSON { return .json(JSONReporter(surroundings)) }
        var settings = ScreenReporter.Settings(action: name, isDryRun: isDryRun)
        settings.detail = options.detail
        settings.showsOutput = showsOutput
        settings.hasColour = options.hasColour && surroundings.variable("NO_COLOR") == nil
        settings.log = log.map { surroundings.shown($0.path) }
        return .screen(ScreenReporter(settings, surroundings))
    }

    private func diagnostics(_ narration: any Reporter, _ options: RunOptions, _ log: LogReporter?) -> Logger {
        Logger(label: "kubeforge") { _ in
            Diagnostics { line in
                log?.write(line)
                if options.detail == .verbose { narration.report(.note(line)) }
            }
        }
    }

    private func connect(_ options: RunOptions, _ reporter: any Reporter) -> Connect {
        var ssh = SSHOptions(homeDirectory: surroundings.home, agentSocket: surroundings.variable("SSH_AUTH_SOCK"))
        if options.acceptsNewHostKeys { ssh.acceptNewHostKeys = { reporter.report(.note($0)) } }
        return { [ssh] in try await SSHConnection.open(to: $0, options: ssh) }
    }
}

/// Who tells the user.
private enum Narrator {
    case screen(ScreenReporter)
    case json(JSONReporter)

    var reporter: any Reporter {
        switch self {
        case .screen(let reporter): reporter
        case .json(let reporter): reporter
        }
    }

    var screen: ScreenReporter? { if case .screen(let reporter) = self { reporter } else { nil } }
}

/// How a run works and how it is shown, whatever it does.
package struct RunOptions: Sendable {
    /// JSON lines on standard output, in place of text for people.
    package var isJSON = false
    /// How much is shown, as `--quiet` or `--verbose` chooses; JSON always has everything.
    package var detail = ScreenReporter.Detail.normal
    /// False for `--no-color`; `$NO_COLOR` and a stream that is no terminal switch colours off by themselves.
    package var hasColour = true
    /// A directory laid out like templates/, whose files replace the built-in ones.
    package var templates: String?
    /// Whether host keys that are not in known_hosts yet are accepted and saved.
    package var acceptsNewHostKeys = false
    /// How many hosts are worked on at once.
    package var width = 32

    package init() {}
}

/// Counts how steps ended, by host, for the summary of a run that no executor counts for.
private final class StepCounter: Reporter {
    private let counts = Mutex<[String: HostSummary]>([:])

    var hosts: [String: HostSummary] { counts.withLock { $0 } }

    func report(_ event: Event) {
        guard case .step(let step) = event else { return }
        counts.withLock { $0[step.host, default: HostSummary()].count(step.outcome) }
    }
}
