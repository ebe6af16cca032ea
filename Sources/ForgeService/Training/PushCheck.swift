import ForgeCore
import ForgeInventory
import ForgePlan

/// Whether the image that runs can serve the models of a directory, as far as that is known before anything of it is
/// sent. The pod looks again, at everything (pushed.py).
package struct PushCheck: Sendable {
    private let look: String
    /// The service's name.
    private let service: String

    package init(_ service: Service) {
        self.service = service.name
        look = DeployedModelFiles(deployment: service.name, kubectl: Kubectl(namespace: service.namespace)).line(
            "metadata.json")
    }

    /// What the models of the pods that run were made of: data, columns and packages are those of their image.
    package var questions: [Question] { [.command(look)] }

    /// Throws what the directory needs another image for, and where what a pod says is too large to be read. Where no
    /// pod could be asked, nothing is known here.
    package func check(_ found: ModelDescription, _ answers: Answers, as shown: String, inventory: String)
        throws(Problem)
    {
        let answer = answers.command(look)
        guard answer.exitCode == 0, let image = try DeployedModelFiles.metadata(answer, of: service) else { return }
        let other = Self.differences(of: found, from: image)
        guard !other.isEmpty else { return }
        let more = other.count > Self.mostTold ? ["\(other.count - Self.mostTold) more"] : []
        throw Problem(
            .usage, what: "\(shown) needs an image of its own",
            why: (other.prefix(Self.mostTold) + more).joined(separator: "\n"),
            fix: "service: model: \(shown) in \(inventory), and `kubeforge deploy`")
    }

    private static let mostTold = 8

    /// A sentence each. `image`: the metadata.json of its models; one that does not tell is not compared with.
    static func differences(of found: ModelDescription, from image: JSONValue) -> [String] {
        guard let schema = image["schema"], !found.columns.isEmpty else { return [] }
        return columns(found, schema) + rows(found, image["data"]) + packages(found, image["versions"])
    }

    private static func columns(_ found: ModelDescription, _ schema: JSONValue) -> [String] {
        let own = schema["columns"]?.elements.compactMap(ModelDescription.Column.init) ?? []
        let known = Dictionary(own.map { ($0.name, $0) }) { first, _ in first }
        let names = Set(found.columns.map(\.name))
        let missing = own.filter { !names.contains($0.name) }.map { "column \($0.name) is missing" }
        let others = found.columns.compactMap { column -> String? in
            guard let its = known[column.name] else { return "column \(column.name) is not one of the image's" }
            if its.type != column.type {
                return "column \(column.name) is \(column.type), but \(its.type) in the image"
            }
            if its.isOptional == column.isOptional { return nil }
            let (some, none) = column.isOptional ? ("here", "in the image") : ("in the image", "here")
            return "column \(column.name) has empty cells \(some), but none \(none)"
        }
        let named = [
            ("truth", found.target, schema["target"]?["name"]?.text),
            ("rows' names", found.index, schema["index"]?.text),
        ]
        let roles = named.filter { $0.1 != $0.2 }.map {
            "the column with the \($0.0) is \($0.1 ?? "none"), but \($0.2 ?? "none") in the image"
        }
        return missing + others + roles
    }

    private static func rows(_ found: ModelDescription, _ data: JSONValue?) -> [String] {
        let own = ModelDescription.Rows.all(data)
        return ["train", "test"].compactMap { name in
            switch (found.data[name], own[name]) {
            case (let mine?, let its?) where mine != its:
                "\(name).csv has other rows (\(mine.rows), sha256 \(mine.sha256.prefix(12))…) than the image's "
                    + "(\(its.rows), sha256 \(its.sha256.prefix(12))…)"
            case (nil, let its?): "it has no \(name).csv, but the image has one of \(its.rows) rows"
            case (_?, nil): "it has a \(name).csv, but the image has none"
            default: nil
            }
        }
    }

    private static func packages(_ found: ModelDescription, _ versions: JSONValue?) -> [String] {
        found.models.compactMap { model -> String? in
            guard let library = model.library, case .object(let installed)? = versions else { return nil }
            let names = library == "xgboost" ? [library, "xgboost-cpu"] : [library]
            guard let its = names.compactMap({ installed[$0]?.text }).first else {
                return "\(model.file) needs \(library), which the image does not have"
            }
            // Where expected.csv is there, what models answer is better evidence than the version.
            guard let saved = model.version, saved != its, !found.hasExpected else { return nil }
            return "\(model.file) was saved by \(library) \(saved), but the image has \(its)"
        }.uniqued()
    }
}

/// A model directory of this computer on its way into the model store.
package struct PushedModel: Sendable, Hashable {
    /// A version is fetched into a volume of 1 GiB, and is in a pod's memory when it is checked there.
    package static let largest = 1_000_000_000

    /// The directory as it was typed.
    let shown: String
    /// Its files, as tar packs them.
    let archive: [UInt8]

    /// Reads it, by the rules of a build context. `directory`: absolute; `shown`: as it was typed.
    package init(_ directory: String, as shown: String) throws(Problem) {
        self.shown = shown
        archive = try TarArchive(try ModelFiles(directory: directory, limit: Self.largest).read()).bytes
    }
}
