import ForgeCore

/// What the service's own reader (templates/service/table.py) says of a model directory, or of two files of rows.
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
    package var trains = false, hasExpected = false, hasRequirements = false

    /// A feature as the example rows show it.
    package struct Column: Sendable, Hashable {
        /// As the header has it.
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
        /// As answers name it.
        package let name: String
        /// In the directory.
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
    /// By the name of the file, as table.py and metadata.json describe them.
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
    /// Of a number that counts something; nil for every other value.
    var count: Int? { if case .number(let number) = self { Int(number, in: .counts) } else { nil } }
}
