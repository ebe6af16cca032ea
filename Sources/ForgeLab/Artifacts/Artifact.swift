import ForgeCore

/// One thing that the lab's servers offer, or that is needed to make one: a folder, filled by a script, known by a
/// digest of what made it.
struct Artifact: Sendable, Hashable {
    /// A noun in the singular: "Kubernetes 1.20.2".
    let name: String
    /// How long it takes on two cores: "6 min".
    let usually: String
    /// The folder's path.
    let place: String
    /// Below `templates/lab/build`.
    let script: String
    /// The root file system that the script runs in; nil means this computer's own.
    let buildRoot: String?
    /// What the script finds in its environment.
    let values: [String: String]
    /// Of the script, the files it reads, the values, and the digests of the supplies it is made from.
    let digest: String

    var title: String { "\(name) is made" }

    /// Written last, with the digest in it.
    var seal: String { "\(place)/.made" }
}

/// How supplies are made: from the texts below `templates/lab/build`, in the cache.
struct BuildRules: Sendable {
    let cache: Cache
    let texts: [String: String]

    func artifact(
        _ name: String, usually: String, in place: String, script: String, files: [String] = [],
        values: [String: String] = [:],
        buildRoot: Artifact? = nil, from others: [Artifact] = []
    ) throws(Problem) -> Artifact {
        var ingredients: [String] = []
        for file in [script] + files { ingredients += [file, try text(file)] }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { ingredients += [key, value] }
        ingredients += ([buildRoot].compactMap { $0 } + others).map(\.digest)
        return Artifact(
            name: name, usually: usually, place: place, script: script, buildRoot: buildRoot.map { "\($0.place)/root" },
            values: values,
            digest: Self.digest(ingredients))
    }

    func text(_ file: String) throws(Problem) -> String {
        guard let text = texts[file] else {
            throw Problem(what: "there is no template lab/build/\(file)", fix: "build kubeforge again")
        }
        return text
    }

    /// The length stands before each text, so that no two lists look the same.
    static func digest(_ ingredients: [String]) -> String {
        SHA256.hex(ingredients.map { "\($0.utf8.count):\($0)" }.joined())
    }
}
