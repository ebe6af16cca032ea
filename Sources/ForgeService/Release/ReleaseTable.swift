import ForgePlan

extension ReleaseHistory {
    /// What ran when, the newest first.
    package var table: Table {
        let models = Set(records.flatMap { ($0.scores ?? [:]).keys }).sorted()
        let hasStore = records.contains { $0.models != nil }
        let isRebuilt = records.contains { $0.rebuilt != nil }
        let columns =
            [
                Table.Column("release", "release"), .init("state", "state"), .init("since", "since"), .init("by", "by"),
                .init("image", "image"),
            ] + (isRebuilt ? [.init("rebuilt", "rebuilt")] : []) + (hasStore ? [.init("models", "models")] : [])
            + [.init("data", "data")]
        return Table(
            of: "release", columns: columns + models.map { .init("score_\($0)", "\($0) score") },
            rows: records.enumerated().map { place, record in
                let score = models.map { model in record.scores?[model].map { "\(($0 * 1000).rounded() / 1000)" } ?? ""
                }
                return [record.tag, state(record, isNewest: place == 0), record.at, record.by, record.image]
                    + (isRebuilt ? [record.rebuilt ?? ""] : [])
                    + (hasStore ? [record.models ?? "image"] : []) + [String((record.data ?? "").prefix(12))] + score
            })
    }

    private func state(_ record: ReleaseRecord, isNewest: Bool) -> String {
        if record.template == running { return isNewest ? "runs" : "ran" }
        return isRestorable(record) ? "restorable" : "removed"
    }
}
