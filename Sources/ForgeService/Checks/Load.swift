import ForgeCore
import ForgePlan

/// Many requests at once, for some time: what the service does when it is used.
package struct Load: Sendable {
    /// How long requests are sent.
    package let length: Duration
    /// Requests under way at the same time.
    package let concurrency: Int
    /// What 95 of 100 answers must not take longer than; nil asks for nothing.
    package let maximumP95: Duration?

    package init(length: Duration, concurrency: Int = 8, maximumP95: Duration? = nil) {
        self.length = length
        self.concurrency = concurrency
        self.maximumP95 = maximumP95
    }

    /// One round trip to the host, which takes as long as the load. What came of it is reported and given as checks.
    func run(
        on running: RunningRelease, posting body: String? = nil, with credentials: ServiceCredentials = .none,
        from host: String, _ transport: any Transport,
        reporter: any Reporter
    ) async throws -> [CheckReport] {
        let script = LoadScript(
            address: running.clusterAddress, rows: running.golden.count, load: self, body: body,
            credentials: credentials)
        reporter.report(.note("load: \(concurrency) at once ask \(script.target) from \(host), for \(length.inWords)"))
        reporter.report(.stepBegan(host: host, title: "\(concurrency) requests at once, for \(length.inWords)"))
        let output = try await transport.run(script.command)
        guard output.isSuccess, let report = LoadSum.report(output.text, of: script, from: host) else {
            throw Problem(noCurl: "\(host): the service could not be put under load", output, on: host)
        }
        let checks = LoadGate(maximumP95: maximumP95).checks(report)
        for check in checks { reporter.report(.check(check)) }
        reporter.report(.load(report))
        return checks
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int { Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000) }

    /// `200 ms`, `30 s`, `2 min`.
    var inWords: String {
        switch milliseconds {
        case let all where all % 60_000 == 0: "\(all / 60_000) min"
        case let all where all % 1000 == 0: "\(all / 1000) s"
        case let all: "\(all) ms"
        }
    }
}
