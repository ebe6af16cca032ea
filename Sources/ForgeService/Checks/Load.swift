import ForgeCore
import ForgePlan
import Foundation

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
        reporter.report(
            .note("load: \(concurrency) concurrent requests to \(script.target) from \(host) for \(length.inWords)"))
        reporter.report(.stepBegan(host: host, title: "\(concurrency) concurrent requests for \(length.inWords)"))
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

/// What a load must come to.
struct LoadGate: Sendable {
    /// nil asks for nothing.
    let maximumP95: Duration?

    func checks(_ report: LoadReport) -> [CheckReport] {
        [complete(report)] + (maximumP95.map { [fast(report, $0)] } ?? [])
    }

    private func complete(_ report: LoadReport) -> CheckReport {
        let all = report.answered + report.failed
        let got =
            switch (all, report.failed) {
            case (0, _): "no request was made"
            case (_, 0): "0 of \(all) failed"
            case (_, let failed): "\(failed) of \(all) failed: \(report.failuresInWords)"
            }
        return CheckReport(
            name: "load: no request failed", isPassed: report.failed == 0 && all > 0, expected: "all answered",
            got: got,
            milliseconds: 0)
    }

    private func fast(_ report: LoadReport, _ limit: Duration) -> CheckReport {
        let p95 = report.percentile(95)
        return CheckReport(
            name: "load: p95 at most \(limit.inWords)", isPassed: p95.map { $0 <= Double(limit.milliseconds) } ?? false,
            expected: "\(limit.inWords) or less",
            got: p95.map { JSONValue.number(($0 * 10).rounded() / 10).summary + " ms" } ?? "no answer",
            milliseconds: 0)
    }
}

/// The times of all requests, summed up on the host to what is worth sending, and read back.
enum LoadSum {
    /// Each bucket is two per cent longer than the one before, so that its middle is true to one: seven decades are 814
    /// lines at most.
    private static let growth = 1.02
    /// Buckets, and kinds of failures; more is not what the script prints.
    private static let most = 1000

    /// What curl says before a line of times is why that request failed, whatever its status: an answer may be cut off
    /// after its 200.
    static var script: String {
        #"""
        awk -v began="$began" -v ended="$ended" '
          FNR == 1 { why = "" }
          /^curl: \([0-9]+\)/ { why = $0; sub(/^curl: \(/, "", why); sub(/\)/, "", why); next }
          !/^[0-9][0-9][0-9] [0-9.]+ \.$/ { next }
          why != "" { code = why; sub(/ .*/, "", code); failed["curl " code]++; said["curl " code] = substr(why, \#
        length(code) + 1, 200); why = ""; next }
          $1 != 200 { failed["status " $1]++; next }
          { buckets[int(log($2 * 1000000 + 1) / log(\#(growth)))]++; if ($2 + 0 > longest) longest = $2 + 0 }
          END {
            printf "seconds %.3f\nlongest %.3f\n", ended - began, longest * 1000
            for (bucket in buckets) print "bucket", bucket, buckets[bucket]
            for (kind in failed) print "failed", kind, failed[kind] said[kind]
          }' "$directory"/seen.*
        """#
    }

    /// nil when the output is not this script's.
    static func report(_ text: String, of script: LoadScript, from host: String) -> LoadReport? {
        var report = LoadReport(
            host: host, address: script.target, concurrency: script.load.concurrency, seconds: -1, times: [],
            longest: -1)
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ", maxSplits: 4).map(String.init)
            switch (words.first, words.count) {
            case ("seconds", 2): report.seconds = Double(words[1], in: 0...1e9) ?? -1
            case ("longest", 2): report.longest = Double(words[1], in: 0...1e9) ?? -1
            case ("bucket", 3): report.times += times(words)
            case ("failed", 4...): report.failures += failure(words)
            default: return nil
            }
        }
        guard report.seconds >= 0, report.longest >= 0, report.times.count <= most, report.failures.count <= most else {
            return nil
        }
        report.times.sort { $0.milliseconds < $1.milliseconds }
        report.failures = merged(report.failures)
        return report
    }

    private static func times(_ words: [String]) -> [LoadReport.Times] {
        guard let bucket = Int(words[1], in: 0...most), let count = Int(words[2], in: .counts) else { return [] }
        return [LoadReport.Times(milliseconds: (pow(growth, Double(bucket) + 0.5) - 1) / 1000, count: count)]
    }

    private static func failure(_ words: [String]) -> [LoadReport.Failure] {
        guard let code = Int(words[2], in: .counts), let count = Int(words[3], in: .counts) else { return [] }
        let kind =
            words[1] == "curl" ? LoadFailure.inWords(curl: code, words.count > 4 ? words[4] : "") : "status \(code)"
        return [LoadReport.Failure(kind: kind, count: count)]
    }

    /// Two of curl's codes may be one kind.
    private static func merged(_ failures: [LoadReport.Failure]) -> [LoadReport.Failure] {
        Dictionary(failures.map { ($0.kind, $0.count) }, uniquingKeysWith: +)
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
                LoadReport.Failure(kind: $0.key, count: $0.value)
            }
    }
}

/// Why a request of a load had no right answer, in the words that curl's manual has for its exit codes.
enum LoadFailure {
    /// `why` is what curl itself said.
    static func inWords(curl code: Int, _ why: String) -> String {
        switch code {
        // Refused, or no route: newer versions of curl do not tell.
        case 7: "could not connect"
        case 18: "answer cut off"
        case 28: "no answer in time"
        case 52: "empty answer"
        case 55, 56: "connection lost"
        default: why.isEmpty ? "curl's error \(code)" : why
        }
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
