import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation

/// Whether the user's model, or models of the user's rows, can be served. The service's own reader says so on this
/// computer, before anything is sent or built.
package struct DataCheck: Sendable {
    private let reader: ModelReader
    private let resources: Service.Resources
    private let inventory: String
    /// The directory that goes into the model store, as it was typed; nil for what the inventory names.
    private var pushed: String?

    /// nil for the example with its own rows.
    package init?(cluster: Cluster, templates: Templates) throws(Problem) {
        let service = cluster.service
        let subject =
            service.model.map { ModelReader.Subject.directory($0) } ?? service.trainingData.map { .files($0) }
        guard let subject else { return nil }
        reader = try ModelReader(subject, target: service.target, index: service.index, templates: templates)
        resources = service.resources
        inventory = cluster.path.isEmpty ? "the inventory" : cluster.path
    }

    /// For a directory that goes into the model store.
    package init(pushing directory: String, as shown: String, to cluster: Cluster, templates: Templates)
        throws(Problem)
    {
        let service = cluster.service
        reader = try ModelReader(
            .directory(directory), target: service.target, index: service.index, templates: templates)
        resources = service.resources
        inventory = cluster.path.isEmpty ? "the inventory" : cluster.path
        pushed = shown
    }

    /// See `ModelReader.command`.
    package var command: Command { reader.command }

    /// What is worth knowing about the files; a problem when they cannot be served, or a pod has no room for them.
    /// Where this computer has no Python, the build looks at them.
    package func notes(on transport: any Transport) async throws -> [String] { try await look(on: transport).notes }

    /// The same, and what the reader says of the files; nil where it could not be run.
    package func look(on transport: any Transport) async throws -> (notes: [String], description: ModelDescription?) {
        try look(await reader.ask(transport))
    }

    /// From what the reader printed; nil where it could not be run.
    package func read(_ output: Output?) throws(Problem) -> [String] { try look(reader.read(output)).notes }

    private func look(_ answer: ModelReader.Answer) throws(Problem) -> (
        notes: [String], description: ModelDescription?
    ) {
        switch answer {
        case .unknown:
            let when = pushed == nil ? "when the image is built" : "in its pod"
            return (["\(subject) checked \(when): this computer has no Python 3.8 or later"], nil)
        case .refused(let reason):
            throw Problem(pushed == nil ? .invalidInventory : .usage, what: refusal, why: reason, fix: fix)
        case .description(let found):
            try checkMemory(found)
            return (found.notes, found)
        }
    }

    private var subject: String {
        switch reader.subject {
        case .directory(let path): "\(pushed ?? path) is"
        case .files(let files): "\(files.train) and \(files.test) are"
        }
    }

    private var refusal: String {
        switch reader.subject {
        case .directory(let path): "the model in \(pushed ?? path) cannot be served"
        case .files: "models cannot be trained on these data"
        }
    }

    private var fix: String {
        if pushed != nil { return "correct what it names: nothing was sent" }
        return switch reader.subject {
        case .directory: "correct the file, or name another directory: service: model: in \(inventory)"
        case .files: "correct the file, or name others: service: data: in \(inventory)"
        }
    }

    /// Python with the models' libraries takes some 200 MiB, a number 8 bytes and a little more while it is read, the
    /// right answers 300 a row; a model is in memory as a file and as what it holds.
    private func checkMemory(_ found: ModelDescription) throws(Problem) {
        let models = modelBytes(found)
        let (rows, features) = (Double(found.rows ?? 0), Double(found.features ?? 0))
        let needed = Double(200 << 20) + rows * (features * 9 + 300) + 2 * Double(models)
        guard needed > Double(resources.memory) else { return }
        let quarters = Int((needed * 1.2 / Double(1 << 28)).rounded(.up), in: .counts)
        let wanted = Service.Resources(memory: quarters << 28).memoryText
        let parts = [
            models > 1 << 20 ? "its models (\(ByteCount(models)))" : nil,
            rows * features > 100_000 || models <= 1 << 20
                ? "its \(found.rows ?? 0) rows of \(found.features ?? 0) features" : nil,
        ]
        throw Problem(
            .invalidInventory, what: "a pod has too little memory for \(place)",
            why: parts.compactMap { $0 }.joined(separator: " and ") + " need about "
                + "\(ByteCount(Int(needed, in: .sizes)).mebibytes), and a pod may use \(resources.memoryText)",
            fix: "service: resources: memory: \(wanted) in \(inventory), or fewer rows")
    }

    private var place: String {
        switch reader.subject {
        case .directory(let path): pushed ?? path
        case .files(let files): files.test
        }
    }

    /// The size of the model files, as they are on the disk.
    private func modelBytes(_ found: ModelDescription) -> Int {
        guard case .directory(let path) = reader.subject else { return 0 }
        return found.models.reduce(0) { sum, model in
            sum + (((try? FileManager.default.attributesOfItem(atPath: "\(path)/\(model.file)")[.size]) as? Int) ?? 0)
        }
    }
}
