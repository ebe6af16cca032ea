import ForgeCore

extension Recipes {
    /// The key that signs every repository of the lab; its public half is `key.asc` in its place.
    func signingKey(_ workshop: Supply) throws(Problem) -> Supply {
        // Not made from the workshop's digest: a new tool there is no reason for a new key.
        let key = try supply("the signing key", usually: "1 s", in: cache.gnupg, script: "signing-key.sh")
        return Supply(
            name: key.name, usually: key.usually, place: key.place, script: key.script, workshop: "\(workshop.place)/root", values: [:],
            digest: key.digest)
    }
}
