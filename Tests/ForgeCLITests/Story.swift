import ForgeCore
import ForgePlan

/// One event of each kind, as a run might tell them.
enum Story {
    static let events: [Event] = [
        .note("inventory lab.yaml   (named on the command line)"),
        .stageBegan("container runtime is ready"),
        .step(report("kubnode", "containerd is installed", .unchanged, seconds: 0.002)),
        .stepBegan(host: "kubmaster", title: "containerd is installed"),
        .output(host: "kubmaster", OutputLine(stream: .standardOutput, text: "Unpacking containerd.io (2.2.1-1) ...")),
        .step(
            report("kubmaster", "containerd is installed", .changed, ["containerd.io: absent → 2.2.1"], seconds: 12.412)
        ),
        .stepBegan(host: "kubnode", title: "docker is installed"),
        .output(host: "kubnode", OutputLine(stream: .standardError, text: "E: no candidate")),
        .step(
            report(
                "kubnode", "docker is installed", .failed, ["docker-ce: absent → 29.1.0"], seconds: 2.1,
                problem: Problem(
                    what: "kubnode: `apt-get install` failed with exit code 100",
                    why: "E: \"docker-ce\" has no\n\tcandidate",
                    fix: "apt-cache madison docker-ce"))),
        .check(CheckReport(name: "/prediction/23", isPassed: false, expected: "E", got: "F", milliseconds: 3.2)),
        .problem(Problem(what: "something else"), host: nil),
        .summary(Summary(outcome: .incomplete, hosts: hosts, seconds: 75)),
    ]

    static func report(
        _ host: String, _ title: String, _ outcome: StepReport.Outcome, _ differences: [Difference] = [],
        seconds: Double = 0,
        problem: Problem? = nil
    ) -> StepReport {
        StepReport(
            stage: "container runtime is ready", host: host, title: title, outcome: outcome, differences: differences,
            seconds: seconds,
            problem: problem)
    }

    private static var hosts: [String: HostSummary] {
        var (master, node) = (HostSummary(), HostSummary())
        master.count(.changed)
        master.traffic = Traffic(roundTrips: 3, bytesSent: 5120)
        node.count(.unchanged)
        node.count(.failed)
        node.traffic = Traffic(roundTrips: 2, bytesSent: 99)
        return ["kubmaster": master, "kubnode": node]
    }
}
