import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation
import Testing

@testable import ForgeCLI
@testable import ForgeService

/// What programs may rely on stands in one article.
@Suite("The article about output")
struct OutputArticleTests {
    private let text: String

    init() throws {
        let articles = URL(filePath: #filePath).appending(path: "../../../Sources/ForgeCLI/Documentation.docc")
            .standardized
        text = try String(contentsOf: articles.appending(path: "Output.md"), encoding: .utf8)
    }

    @Test("names every event of JSON lines with every field, and no other")
    func events() throws {
        #expect(Set((Story.events + Self.others).map(kind)) == Set(eventsOfEveryKind("x").map(kind)))
        let written = try Self.fields()
        for (event, fields) in written {
            #expect(described[event] == fields, "\(event)")
        }
        #expect(Set(described.keys) == Set(written.keys))
    }

    @Test("names every exit code, and no other")
    func exitCodes() {
        let codes = text.matches(of: /(?m)^\| (\d+) \|/).compactMap { Int32($0.1) }
        #expect(codes == [0] + Problem.Kind.allCases.map(\.exitCode).sorted())
    }

    /// The words in code of each row, but for the values of an outcome and for score_MODEL, which stands for one of
    /// each model.
    private var described: [String: Set<String>] {
        let rows = text.matches(of: /(?m)^\| `(\w+)` \| .*? \| (.+) \|$/).map { row in
            let fields = row.2.replacing(/`outcome` \([^)]*\)/, with: "`outcome`").matches(of: /`(\w+)`/).map {
                String($0.1)
            }
            return (String(row.1), Set(fields.filter { $0 != "score_MODEL" }))
        }
        return Dictionary(rows) { $0.union($1) }
    }

    /// As the reporter writes them.
    private static func fields() throws -> [String: Set<String>] {
        let scene = try Scene()
        let reporter = JSONReporter(scene.surroundings)
        for event in Story.events + others { reporter.report(event) }
        var fields: [String: Set<String>] = [:]
        for line in scene.output.text.split(separator: "\n") {
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let event = try #require(object["event"] as? String)
            fields[event, default: []].formUnion(keys(object).subtracting(["event"]))
        }
        return fields
    }

    /// Those of what is in it, too; names of hosts are no fields.
    private static func keys(_ value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(keys($1)) } }
        guard let object = value as? [String: Any] else { return [] }
        return object.reduce(into: []) { all, member in
            if !["kubmaster", "kubnode"].contains(member.key) { all.insert(member.key) }
            all.formUnion(keys(member.value))
        }
    }

    private static var others: [Event] {
        let jobs = ServiceJobs([], of: Service(), now: Date())
        let failure = LoadReport.Failure(kind: "status 503", count: 1)
        let load = LoadReport(
            host: "kubmaster", address: "http://10.96.1.2:80/prediction/N", concurrency: 8, seconds: 30,
            times: [.init(milliseconds: 2, count: 3)], longest: 2, failures: [failure])
        return [
            .confusion(ConfusionMatrix(model: "lda", classes: ["A"], counts: [[1]])), .load(load),
            .podLine(PodLine(pod: "inference-a", text: "x")),
        ]
            + [
                ReleaseHistory.example.table, jobs.runTable, jobs.scheduleTable, ScheduleTable([], Service()).table,
                MachineTable([]).table, Table(of: "drift", columns: DataDrift.Report.tableColumns, rows: []),
            ].map { table in
                // One row, whatever is in it.
                .table(
                    Table(
                        of: table.kind, columns: table.columns.filter { !$0.key.hasPrefix("score_") },
                        rows: [table.columns.map(\.key)]))
            }
    }
}

extension ReleaseHistory {
    /// One release with a version of its models.
    fileprivate static var example: ReleaseHistory {
        let record = ReleaseRecord(
            image: "r/inference:0123456789abcdef", template: "t", at: "2026-11-21T15:20:00Z", by: "ann@desk",
            models: "1")
        let map: [String: Any] = [
            "kind": "ConfigMap", "metadata": ["name": name("inference")], "data": ["1": record.json],
        ]
        let json = try? JSONSerialization.data(withJSONObject: ["items": [map]])
        return ReleaseHistory(String(decoding: json ?? Data(), as: UTF8.self), of: "inference")
    }
}
