import ForgePlan

extension LoadReport {
    var json: JSONText {
        let times = [50, 95, 99].map { ("p\($0)", JSONText.optional(percentile($0))) }
        return .object([
            ("event", "load"), ("host", .text(host)), ("address", .text(address)),
            ("concurrency", .integer(concurrency)),
            ("seconds", .number(seconds)), ("answered", .integer(answered)), ("failed", .integer(failed)),
            ("perSecond", .number(throughput)),
            ("milliseconds", .object(times + [("longest", .optional(answered > 0 ? longest : nil))])),
            ("failures", .list(failures.map { .object([("kind", .text($0.kind)), ("count", .integer($0.count))]) })),
            ("histogram", .list(LoadHistogram(self).bars.map(\.json))),
        ])
    }
}

extension LoadHistogram.Bar {
    var json: JSONText { .object([("from", .number(from)), ("to", .number(to)), ("count", .integer(count))]) }
}
