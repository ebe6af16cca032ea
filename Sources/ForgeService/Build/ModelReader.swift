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
    private let reader: LocalPython

    package init(
        _ subject: Subject, target: String? = nil, index: String? = nil, templates: Templates
    ) throws(Problem) {
        self.subject = subject
        let pins = Self.pins(of: try templates["service/requirements.txt"].text)
        let named =
            switch subject {
            case .directory(let path): ["--directory", path] + (pins.isEmpty ? [] : ["--pins", pins])
            case .files(let files): ["--train", files.train, "--test", files.test]
            }
        let columns = [("--target", target), ("--index", index)].flatMap { option, name in
            name.map { [option, $0] } ?? []
        }
        reader = try LocalPython.firstLook(named + columns + ["--json"], templates: templates)
    }

    /// The versions of the packages that the service itself runs on: `anyio==4.16.0 click==8.5.1`. They stand before
    /// the line that divides the server's packages from the models', as packages.py has it.
    private static func pins(of requirements: String) -> String {
        guard let line = requirements.firstRange(of: "# for models") else { return "" }
        let lines = requirements[..<line.lowerBound].split(separator: "\n")
        return lines.compactMap { $0.prefixMatch(of: /[A-Za-z0-9._-]+==[^ ;\\]+/).map { String($0.output) } }
            .joined(separator: " ")
    }

    /// See `LocalPython.command`.
    package var command: Command { reader.command }

    /// What it can say; a refusal is its own sentence. `unknown`: it could not be run, or is none that says anything.
    package enum Answer: Sendable, Hashable {
        case description(ModelDescription)
        case refused(String)
        case unknown
    }

    /// Runs it here.
    package func ask(_ transport: any Transport) async -> Answer { read(try? await transport.run(command)) }

    /// The answer in what it printed; nil where it could not be run.
    package func read(_ output: Output?) -> Answer {
        switch LocalPython.read(output) {
        case .unknown: .unknown
        case .refused(let reason): .refused(reason)
        case .said(let said): ModelDescription(said).map { .description($0) } ?? .unknown
        }
    }
}

/// What the service's own reader (templates/service/first_look.py) says of a model directory, or of two files of rows.
package struct ModelDescription: Sendable, Hashable {
    /// Rows of the test, and features of a row; nil where only the build can tell, as of a Parquet file.
    package var rows, features: Int?
    /// What is allowed, and worth knowing.
    package var notes: [String] = []
    /// The features, in the order of the header.
    package var columns: [Column] = []
    /// The columns with the truth and with the rows' names; nil where there is none.
    package var target, index: String?
    /// `classification` or `regression`; nil where the model alone can tell.
    package var task: String?
    /// How many classes the truth has.
    package var classes: Int?
    /// The model files.
    package var models: [Model] = []
    /// Which files the rows are, by `train` and `test`; none where only the build can tell.
    package var data: [String: Rows] = [:]
    /// Whether a train.py, an expected.csv and a requirements.txt are there.
    package var trains, hasExpected, hasRequirements: Bool

    /// A feature as the example rows show it.
    package struct Column: Sendable, Hashable {
        /// The name as the header has it.
        package let name: String
        /// `number`, `integer`, `text` or `boolean`.
        package let type: String
        /// Whether a row may leave it empty.
        package let isOptional: Bool
        /// Its value in the first row that has one, as JSON.
        package let example: JSONValue
    }

    /// A file of rows: as many, with this sha256.
    package struct Rows: Sendable, Hashable {
        let rows: Int
        let sha256: String
    }

    /// A file with a trained model.
    package struct Model: Sendable, Hashable {
        /// The name that answers use.
        package let name: String
        /// The file's name in the directory.
        package let file: String
        /// `joblib`, `onnx`.
        package let format: String
        /// What it was trained with, and that one's version, where the file says so.
        package let library, version: String?
    }
}

extension ModelDescription {
    /// nil when it is not what the reader prints.
    init?(_ said: JSONValue) {
        guard case .object = said else { return nil }
        rows = said["test"]?.count
        features = said["features"]?.count
        notes = said["notes"]?.elements.compactMap(\.text) ?? []
        columns = said["columns"]?.elements.compactMap(Column.init) ?? []
        (target, index, task) = (said["target"]?.text, said["index"]?.text, said["task"]?.text)
        classes = said["classes"]?.count
        models = said["models"]?.elements.compactMap(Model.init) ?? []
        data = Rows.all(said["data"])
        trains = said["trains"] == .bool(true)
        hasExpected = said["expected"] == .bool(true)
        hasRequirements = said["requirements"] == .bool(true)
    }
}

extension ModelDescription.Rows {
    /// By the name of the file, as first_look.py and metadata.json describe them.
    static func all(_ said: JSONValue?) -> [String: Self] {
        guard case .object(let files)? = said else { return [:] }
        return files.compactMapValues { file in
            guard let rows = file["rows"]?.count, let sha256 = file["sha256"]?.text else { return nil }
            return Self(rows: rows, sha256: sha256)
        }
    }
}

extension ModelDescription.Column {
    init?(_ said: JSONValue) {
        guard let name = said["name"]?.text, let type = said["type"]?.text else { return nil }
        self.init(
            name: name, type: type, isOptional: said["optional"] == .bool(true), example: said["example"] ?? .null)
    }
}

extension ModelDescription.Model {
    fileprivate init?(_ said: JSONValue) {
        guard let name = said["name"]?.text, let file = said["file"]?.text else { return nil }
        self.init(
            name: name, file: file, format: said["format"]?.text ?? "", library: said["library"]?.text,
            version: said["version"]?.text)
    }
}

extension JSONValue {
    /// The value of a number that counts something; nil for every other value.
    var count: Int? { if case .number(let number) = self { Int(number, in: .counts) } else { nil } }
}
