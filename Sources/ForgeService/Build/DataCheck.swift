import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation

/// Whether models can be trained on the user's files. The service's own reader says so on this computer, before
/// anything is sent or built: there is no second one, which would read them otherwise.
package struct DataCheck: Sendable {
    private let files: Service.TrainingData
    private let resources: Service.Resources
    private let reader: String
    private let inventory: String

    /// nil where data are generated.
    package init?(cluster: Cluster, templates: Templates) throws(Problem) {
        guard let files = cluster.service.trainingData else { return nil }
        self.files = files
        resources = cluster.service.resources
        reader = try templates["service/table.py"].text
        inventory = cluster.path.isEmpty ? "the inventory" : cluster.path
    }

    /// Without the user's own modules and settings of Python.
    package var command: Command {
        Command("python3", "-I", "-", Word(files.train), Word(files.test), "--json").reading(reader)
    }

    /// What is worth knowing about the files; a problem when models cannot be trained on them, or a pod has no room for
    /// them. Where this computer has no Python, the build looks at them.
    package func notes(on transport: any Transport) async throws -> [String] {
        try read(try? await transport.run(command))
    }

    /// From what the reader printed; nil where it could not be run.
    package func read(_ output: Output?) throws(Problem) -> [String] {
        guard let output, output.isSuccess, let said = JSONValue(output.standardOutput) else {
            return [
                "\(files.train) and \(files.test) are looked at when the image is built: this computer has no Python 3.8 or later"
            ]
        }
        if let reason = said["refused"]?.text {
            throw Problem(
                .invalidInventory, what: "models cannot be trained on these data", why: reason,
                fix: "correct the file, or name others: service: data: in \(inventory)")
        }
        try checkAnswers(said)
        try checkMemory(said)
        return said["notes"]?.elements.compactMap(\.text) ?? []
    }

    /// So many rows that a release's own answers could not be read when its canary is checked, after build and push.
    private func checkAnswers(_ said: JSONValue) throws(Problem) {
        guard case .number(let count)? = said["test"] else { return }
        let rows = Int(count, in: .counts)
        let needed = ExpectedAnswers.leastBytes(rows: rows)
        guard needed > ExpectedAnswers.largest else { return }
        throw Problem(
            .invalidInventory, what: "\(files.test) has too many rows for a release to be checked with",
            why:
                "the expected answers to its \(rows) rows have at least \(needed >> 20) MiB, and at most "
                + "\(ExpectedAnswers.largest >> 20) are read",
            fix: "test the models on fewer rows, up to about \(Self.mostRows): service: data: in \(inventory)")
    }

    /// What fits even where classes have two digits.
    private static let mostRows = 350_000

    /// Python with the models takes some 200 MiB, a number 8 bytes and a little more while it is read, the right
    /// answers 300 a row.
    private func checkMemory(_ said: JSONValue) throws(Problem) {
        guard case .number(let rows)? = said["test"], case .number(let features)? = said["features"] else { return }
        let needed = Double(200 << 20) + rows * (features * 9 + 300)
        guard needed > Double(resources.memory) else { return }
        let quarters = Int((needed * 1.2 / Double(1 << 28)).rounded(.up), in: .counts)
        let wanted = Service.Resources(memory: quarters << 28).memoryText
        throw Problem(
            .invalidInventory, what: "a pod has no room for \(files.test)",
            why:
                "its \(Int(rows, in: .counts)) rows of \(Int(features, in: .counts)) features need about "
                + "\(Int(needed, in: .sizes) >> 20) MiB, and a pod may use "
                + resources.memoryText,
            fix: "service: resources: memory: \(wanted) in \(inventory), or fewer rows")
    }
}
