import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Foundation

/// How far the columns of some rows are from those that the deployed models were trained on: the population stability
/// index (PSI) of each. The training's bins come from the cluster; the rows stay on this computer.
package struct DataDrift: Sendable {
    /// Absolute.
    private let path: String
    /// The name of the file, as it was typed.
    private let name: String
    /// The index above which a column has drifted.
    private let limit: Double

    /// Looks at the file from outside, before anything is contacted.
    package init(_ file: String, limit: Double, absolute: (String) -> String) throws(Problem) {
        (path, name, self.limit) = (absolute(file), file, limit)
        _ = try RowsFile(path, as: file)
    }

    /// Below the first, rows are like the training's; above the second, they are of another distribution.
    package static let usual = (moved: 0.1, drifted: 0.25)

    /// One round trip to the first control plane. Reports a table of all columns, those that are farthest first, and a
    /// check that fails where one has drifted.
    package func run(
        _ service: Service, on host: ForgeCore.Host, over controlPlane: any Transport, here: any Transport,
        templates: Templates, reporter: any Reporter
    ) async throws {
        let (release, look) = (DeployedRelease.Look(service), Self.look(service))
        let answers = try await controlPlane.ask(release.questions + [.command(look)], of: host)
        // A cluster that does not answer, and one without the service, have no pod to be asked either.
        _ = try release.read(answers, from: host.name)
        let python = try program(try Self.training(answers.command(look), service, host), templates)
        let found = try Report(await python.ask(here), of: name)
        reporter.report(
            .note("\(name): \(found.rows) rows, compared with the training data of the models \(found.version)"))
        reporter.report(.note(meaning))
        reporter.report(.table(found.table))
        reporter.report(.check(found.check(limit)))
    }

    /// metadata.json of the models that the service's pods run.
    static func look(_ service: Service) -> String {
        DeployedModelFiles(deployment: service.name, kubectl: Kubectl(namespace: service.namespace)).inPod(
            "metadata.json")
    }

    static func training(_ answer: CommandState, _ service: Service, _ host: ForgeCore.Host) throws(Problem) -> [UInt8]
    {
        let what = "\(host.name): what the models of \(service.name) were trained on is not known"
        guard answer.exitCode == 0 else {
            throw Problem(
                what: what, why: DeployedModelFiles.silence(answer, about: "metadata.json"),
                fix: "`kubeforge logs` says what the pods do; `kubeforge deploy` starts those that are missing")
        }
        guard try DeployedModelFiles.metadata(answer, of: service.name)?["files"] != nil else {
            throw Problem(
                what: what, why: "\(DeployedModelFiles.directory)/metadata.json of its pods does not describe models",
                fix: "train the models again, and `kubeforge deploy`")
        }
        return Array(answer.text.utf8)
    }

    func program(_ training: [UInt8], _ templates: Templates) throws(Problem) -> LocalPython {
        try LocalPython(
            "drift", modules: LocalPython.readers + ["parquet"],
            arguments: [path, "--metadata", "-", "--limit", "\(limit)", "--json"], input: training,
            templates: templates)
    }

    private var meaning: String {
        let end = limit == Self.usual.drifted ? "" : "; here the limit is \(limit) (--max-psi)"
        return """
            PSI, the population stability index, tells how differently a column's values are distributed: below \
            \(Self.usual.moved) stable, up to \(Self.usual.drifted) moved, above \(Self.usual.drifted) another \
            distribution\(end)
            """
    }
}

extension DeployedModelFiles {
    /// metadata.json of the models, as a pod has printed it; nil where it is not JSON. Throws where it is too large.
    static func metadata(_ answer: CommandState, of service: String) throws(Problem) -> JSONValue? {
        let text = Array(answer.text.utf8)
        guard text.count <= largestMetadata else {
            throw Problem(
                what: "metadata.json of the models that \(service) runs is too large",
                why: "it has more than \(ByteCount(largestMetadata).mebibytes)",
                fix: "train the models again, and `kubeforge deploy`")
        }
        return JSONValue(text, atMost: largestMetadata)
    }
}

extension DataDrift {
    /// What drift.py found.
    struct Report: Sendable, Hashable {
        let rows: Int
        let version: String
        let columns: [Column]

        /// The farthest first.
        struct Column: Sendable, Hashable {
            let name, type, verdict: String
            let psi: Double
            /// Shares of rows without a value: in the training, and now.
            let missing: [Double]
        }

        init(_ answer: LocalPython.Answer, of file: String) throws(Problem) {
            switch answer {
            case .unknown:
                throw Problem(
                    .usage, what: "\(file) cannot be compared",
                    why: "this computer does it, so that rows stay here, and it has no Python 3.8 or later",
                    fix: "install python3")
            case .refused(let why):
                throw Problem(.usage, what: "\(file) cannot be compared", why: why, fix: "correct it, and run it again")
            case .said(let said):
                rows = said["rows"]?.count ?? 0
                version = said["version"]?.text ?? ""
                columns = said["columns"]?.elements.compactMap(Column.init) ?? []
                let fewest = said["fewest"]?.count ?? 0
                guard rows >= fewest, !columns.isEmpty else {
                    throw Problem(
                        .usage, what: "\(file) has too few rows to compare: \(rows)",
                        why: "the index of fewer than \(fewest) rows is not reliable",
                        fix: "name a file with more rows")
                }
            }
        }

        static let tableColumns: [Table.Column] = [
            .init("column", "column"), .init("type", "type"), .init("psi", "PSI"), .init("verdict", "verdict"),
            .init("missingThen", "empty then"), .init("missingNow", "now"),
        ]

        var table: Table {
            Table(
                of: "drift", columns: Self.tableColumns,
                rows: columns.map {
                    [$0.name, $0.type, $0.psi.shown(3), $0.verdict]
                        + ($0.missing.contains { $0 > 0 } ? $0.missing.map { "\(($0 * 100).shown(1)) %" } : ["", ""])
                })
        }

        func check(_ limit: Double) -> CheckReport {
            let drifted = columns.filter { $0.psi > limit }
            let shown = (drifted.isEmpty ? Array(columns.prefix(1)) : drifted).map { "\($0.name) \($0.psi.shown(3))" }
            return CheckReport(
                name: "drift of \(columns.count) \(columns.count == 1 ? "column" : "columns")",
                isPassed: drifted.isEmpty, expected: "PSI of at most \(limit)",
                got: shown.joined(separator: ", "), milliseconds: 0)
        }
    }
}

extension DataDrift.Report.Column {
    fileprivate init?(_ said: JSONValue) {
        guard let name = said["name"]?.text, case .number(let psi)? = said["psi"] else { return nil }
        self.init(
            name: name, type: said["type"]?.text ?? "", verdict: said["verdict"]?.text ?? "", psi: psi,
            missing: said["missing"]?.elements.compactMap { if case .number(let share) = $0 { share } else { nil } }
                ?? [])
    }
}

extension Double {
    fileprivate func shown(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
