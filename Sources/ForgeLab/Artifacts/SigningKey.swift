import ForgeCore

extension BuildRules {
    /// The key that signs every repository of the lab; its public half is `key.asc` in its place.
    func signingKey(_ buildRoot: Artifact) throws(Problem) -> Artifact {
        // Not made from the workshop's digest: a new tool there is no reason for a new key.
        let key = try artifact("the signing key", usually: "1 s", in: cache.gnupg, script: "signing-key.sh")
        return Artifact(
            name: key.name, usually: key.usually, place: key.place, script: key.script,
            buildRoot: "\(buildRoot.place)/root", values: [:],
            digest: key.digest)
    }
}
