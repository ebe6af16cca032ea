import ForgeCore
import ForgeInventory
import ForgeTemplates

/// The service's own reader of rows and model files, run on this computer: there is no second one, which would read
/// them otherwise.
package struct ModelReader: Sendable {
    /// What is looked at.
    package enum Subject: Sendable, Hashable {
        case directory(String)
        case files(Service.TrainingData)
    }

    let subject: Subject
    private let target, index: String?
    private let program: String

    package init(
        _ subject: Subject, target: String? = nil, index: String? = nil, templates: Templates
    ) throws(Problem) {
        self.subject = subject
        self.target = target
        self.index = index
        program = try templates["service/table.py"].text
    }

    /// Without the user's own modules and settings of Python.
    package var command: Command {
        let named: [Word] =
            switch subject {
            case .directory(let path): ["--directory", Word(path)]
            case .files(let files): ["--train", Word(files.train), "--test", Word(files.test)]
            }
        let columns = [("--target", target), ("--index", index)].flatMap { option, name in
            name.map { [Word(option), Word($0)] } ?? []
        }
        return Command(["python3", "-I", "-"] + named + columns + ["--json"]).reading(program)
    }

    /// What it can say; a refusal is its own sentence. `unknown`: it could not be run, or is none that says anything.
    package enum Answer: Sendable, Hashable {
        case description(ModelDescription)
        case refused(String)
        case unknown
    }

    /// Runs it here.
    package func ask(_ transport: any Transport) async -> Answer { read(try? await transport.run(command)) }

    /// From what it printed; nil where it could not be run.
    package func read(_ output: Output?) -> Answer {
        guard let output, output.isSuccess, let said = JSONValue(output.standardOutput) else { return .unknown }
        if let reason = said["refused"]?.text { return .refused(reason) }
        return ModelDescription(said).map { .description($0) } ?? .unknown
    }
}
