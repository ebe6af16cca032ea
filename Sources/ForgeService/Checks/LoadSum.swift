import ForgeCore
import ForgePlan
import Foundation

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
