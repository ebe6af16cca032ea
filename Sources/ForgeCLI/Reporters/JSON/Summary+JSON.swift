import ForgeCore
import ForgePlan

extension Summary {
    var json: JSONText {
        .object([
            ("event", "summary"), ("outcome", .text(outcome.rawValue)), ("changed", .integer(changed)),
            ("unchanged", .integer(unchanged)),
            ("wouldChange", .integer(wouldChange)), ("failed", .integer(failed)), ("seconds", .number(seconds)),
            ("hosts", .object(hosts.sorted { $0.key < $1.key }.map { ($0, $1.json) })),
        ])
    }
}

extension HostSummary {
    var json: JSONText {
        .object([
            ("changed", .integer(changed)), ("unchanged", .integer(unchanged)), ("wouldChange", .integer(wouldChange)),
            ("failed", .integer(failed)), ("roundTrips", .integer(traffic.roundTrips)),
            ("bytesSent", .integer(traffic.bytesSent)),
        ])
    }
}
