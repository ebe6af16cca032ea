import ForgeCore
import ForgeInventory

extension BuildRules {
    /// Copies of what users brought, by version, where the workshop sees them.
    var broughtReleases: String { "\(cache.root)/brought" }

    func broughtPlace(_ version: Version) -> String { "\(broughtReleases)/\(version)" }

    func brought(_ release: BroughtRelease) throws(Problem) -> Artifact {
        try artifact(
            "the copy of what was brought for Kubernetes \(release.version)", usually: "5 s",
            in: broughtPlace(release.version),
            script: "brought-release.sh",
            values: [
                "packages": release.packagesFolder, "shared": release.sharedImages, "images": release.imagesFolder,
                "contents": release.contents,
            ])
    }

    /// The brought images as registry.sh reads them: transport, archive, name, and place in the registry, one image a
    /// line.
    func pushes(_ release: BroughtRelease) -> String {
        release.archives.flatMap { archive in
            let file = archive.path.split(separator: "/").last!
            let folder = archive.path == "\(release.sharedImages)/\(file)" ? "shared" : "images"
            return archive.names.map { name in
                let place = "\(broughtPlace(release.version))/\(folder)/\(file)"
                return "\(archive.transport)\t\(place)\t\(name)\t\(RegistryPath.of(name))\n"
            }
        }.joined()
    }
}
