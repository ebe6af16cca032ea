import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeService
import ForgeTemplates
import Foundation

/// From a trained model to a directory that can be deployed, and to the keys of an inventory that name it.
struct ModelSetup {
    let order: NewModelDirectory.Order
    let target: String?
    let index: String?
    /// The inventory, as it was typed.
    let inventory: String?
    let surroundings: ProcessEnvironment
    let templates: Templates
    let reporter: any Reporter

    /// `here`: runs the service's own reader on this computer. What cannot be served leaves nothing behind. Returns
    /// what to type next.
    func make(asking here: any Transport) async throws -> [String] {
        let directory = try NewModelDirectory(order, absolute: surroundings.absolute)
        let choice = choice
        if let choice { _ = try reader.read(surroundings.absolute(choice.path)) }
        let answer = try await directory.preview { place in
            let reader = try ModelReader(.directory(place), target: target, index: index, templates: templates)
            let answer = await reader.ask(here)
            if case .refused(let reason) = answer {
                throw Problem(
                    .usage, what: "\(order.model) cannot be served", why: directory.named(reason, in: place),
                    fix: "correct what is named, and run it again: nothing was written")
            }
            return answer
        }
        try directory.write()
        tell(answer, directory)
        return try finish(directory, choice)
    }

    /// One that was named, or is in this directory; the one that an earlier run remembers is not meant here.
    private var choice: InventoryChoice? {
        let found = try? InventoryChoice.make(argument: inventory, surroundings)
        return found?.reason == .remembered ? nil : found
    }

    private var reader: InventoryReader { InventoryReader(home: surroundings.home) }

    private func tell(_ answer: ModelReader.Answer, _ directory: NewModelDirectory) {
        let shown = surroundings.shown(directory.path)
        for file in directory.files { reporter.report(.note("\(shown)/\(file.name) is a copy of \(file.source)")) }
        guard case .description(let found) = answer else {
            return reporter.report(
                .note("\(shown) is checked when the image is built: this computer has no Python 3.8 or later"))
        }
        for line in found.sentences { reporter.report(.note(line)) }
        if !found.columns.isEmpty { reporter.report(.table(found.table)) }
        for note in found.notes { reporter.report(.note("note: \(note)")) }
    }

    private func finish(_ directory: NewModelDirectory, _ choice: InventoryChoice?) throws -> [String] {
        let path = choice.map { surroundings.absolute($0.path) }
        let parent = path.map { ($0 as NSString).deletingLastPathComponent } ?? surroundings.directory
        let isBelow = directory.path.hasPrefix(parent + "/")
        let name = isBelow ? String(directory.path.dropFirst(parent.count + 1)) : surroundings.shown(directory.path)
        let keys = ServiceKeys(model: name, target: target, index: index)
        if let choice, let path, Self.isFile(path), let text = try reader.adding(keys, to: path) {
            try write(text, to: path)
            reporter.report(
                .note(
                    "added to \(choice.path), under service:\n" + keys.lines.map { "  \($0)" }.joined(separator: "\n"))
            )
            return ["kubeforge deploy\(choice.argument(surroundings))"]
        }
        let place = choice?.path ?? "your inventory"
        return ["write under service: in \(place)"] + keys.lines.map { "  \($0)" }
            + ["kubeforge deploy\(choice?.argument(surroundings) ?? "")"]
    }

    /// Not a pipe or a device, which gives its content only once.
    private static func isFile(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: real(path))[.type]) as? FileAttributeType == .typeRegular
    }

    /// A link is followed, and still leads to the file that is written.
    private static func real(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    }

    private func write(_ text: String, to path: String) throws(Problem) {
        let file = Self.real(path)
        var status = stat()
        let owner = stat(file, &status) == 0 ? (user: status.st_uid, group: status.st_gid) : nil
        do throws(WholeFile.Failure) {
            try WholeFile.write(Array(text.utf8), to: file, owner: owner)
        } catch {
            throw Problem(what: "cannot write \(path)", why: error.reason, fix: "ls -l \(path.shellQuoted)")
        }
    }
}

extension ModelDescription {
    /// Models, rows and truth, a line each.
    fileprivate var sentences: [String] {
        let files = models.map { model in
            let made = [model.library, model.version].compactMap { $0 }.joined(separator: " ")
            return "model \(model.name): \(model.file)" + (made.isEmpty ? "" : ", saved by \(made)")
        }
        let program = trains ? ["models: train.py makes them, when the image is built and by `kubeforge train`"] : []
        let count = rows.map { "example rows: \($0)" + (features.map { " of \($0) features" } ?? "") }
        let kinds = [task, classes.map { "\($0) classes" }].compactMap { $0 }.joined(separator: ", ")
        let truth =
            target.map { "truth: column \($0)" + (kinds.isEmpty ? "" : " (\(kinds))") }
            ?? "truth: no column has it, and nothing is scored (--target)"
        return files + program + [count, truth, index.map { "rows are named by column \($0)" }].compactMap { $0 }
            + (hasExpected ? ["expected.csv: the build compares its answers with it"] : [])
    }

    fileprivate var table: Table {
        Table(
            of: "column",
            columns: [
                .init("name", "column"), .init("type", "type"), .init("optional", "may be empty"),
                .init("example", "example"),
            ],
            rows: columns.map { [$0.name, $0.type, $0.isOptional ? "yes" : "no", $0.example.text ?? "\($0.example)"] })
    }
}
