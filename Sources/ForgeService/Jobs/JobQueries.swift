import ForgeCore
import ForgePlan

/// How the Jobs and pods of one run are looked at: they all carry its name as a label.
struct JobQueries: Sendable {
    let run: String
    let kubectl: Kubectl

    private var selector: Word { "app.kubernetes.io/instance=\(run)" }

    var objects: String { kubectl.line("get", "jobs,pods", "--selector", selector, "--output", "json") }

    var warnings: String { ClusterEvent.warnings(kubectl) }

    var lastLines: String { PodLogs.lastLines(of: selector, kubectl) }

    func pods(_ answers: Answers) -> JobStatus {
        JobStatus(objects: answers.command(objects).text, events: answers.command(warnings).text)
    }

    /// Looks once more, closely.
    func failure(on machine: Machine) async throws -> JobFailure {
        let answers = try await machine.ask([objects, warnings, lastLines].map(Question.command))
        return JobFailure(state: pods(answers), logs: PodLogs(answers.command(lastLines).text).byPod)
    }
}

/// The logs of a run's pods as far as they have been told: each look brings the lines that are new.
struct LogFollower: Sendable {
    private let looks: JobQueries
    private var told: [String: Int] = [:]
    /// In the order in which they printed first.
    private var pods: [String] = []

    init(_ looks: JobQueries) { self.looks = looks }

    /// Prints the new lines of these pods, each under its name. Empty lines count for nothing.
    func look(_ pods: [String]) -> String {
        let logs = pods.map { pod in
            let command = looks.kubectl.line("logs", Word("pod/\(pod)"))
            return PodLogs.framed(
                "timeout 10 \(command) 2>/dev/null | grep . | tail -n +\((told[pod] ?? 0) + 1)",
                of: Word("pod/\(pod)").quoted)
        }
        return logs.isEmpty ? ":" : logs.joined(separator: "\n")
    }

    /// What a look printed, pod by pod.
    mutating func lines(_ text: String) -> [PodLine] {
        let new = PodLogs(text).byPod
        for (pod, lines) in new { told[pod, default: 0] += lines.count }
        pods += new.keys.filter { !pods.contains($0) }.sorted()
        let columns = pods.map(\.count).max() ?? 0
        return pods.enumerated().flatMap { place, pod in
            (new[pod] ?? []).map { PodLine(pod: pod, text: $0, place: place, columns: columns) }
        }
    }
}
