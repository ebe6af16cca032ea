/// Where packages, images and wheels come from.
struct MirrorsSection {
    static let keys = ["apt", "registries", "python", "criDockerd"]
    static let archiveKeys = ["url", "sha256"]
    static let repositories = ["docker", "kubernetes", "debian"]
    static let repositoryKeys = ["url", "key", "fingerprint"]
    static let debianKeys = ["url", "key"]

    let paths: LocalPath

    func read(_ field: Field) -> Mirrors {
        guard let section = MappingReader(field, keys: Self.keys) else { return Mirrors() }
        let apt = section["apt"].flatMap { MappingReader($0, keys: Self.repositories) }
        return Mirrors(
            docker: apt?["docker"].flatMap { repository($0, url: Self.dockerURL) },
            kubernetes: apt?["kubernetes"].flatMap { repository($0, url: WebAddress.url) },
            debian: apt?["debian"].flatMap(debian),
            registries: section["registries"].map(registries) ?? [:], python: section["python"]?.read(WebAddress.url),
            criDockerd: section["criDockerd"].flatMap(archive))
    }

    /// Docker has a repository for each distribution, and the machines may have several.
    private static func dockerURL(_ text: String) throws(ValidationError) -> String {
        let parts = text.split(separator: Mirrors.AptRepository.distribution, omittingEmptySubsequences: false)
        let url = try WebAddress.url(parts.joined(separator: "debian"))
        return parts.count == 1 ? url : text.trimmingSlashes
    }

    private func repository(_ field: Field, url rule: (String) throws(ValidationError) -> String) -> Mirrors
        .AptRepository?
    {
        guard let section = MappingReader(field, keys: Self.repositoryKeys) else { return nil }
        let url = section.required("url", like: "https://mirror.example.org/apt")?.read(rule)
        let key = key(of: section)
        guard let url, let key else { return nil }
        return Mirrors.AptRepository(url: url, key: key)
    }

    /// It becomes part of the image's build context, key and all: the key must be here.
    private func debian(_ field: Field) -> Mirrors.AptRepository? {
        guard let section = MappingReader(field, keys: Self.debianKeys) else { return nil }
        let url = section.required("url", like: "https://mirror.example.org/debian")?.read(WebAddress.url)
        let key = section.required("key", like: "~/keys/mirror.asc")?.read(paths.absolute)
        guard let url, let key else { return nil }
        return Mirrors.AptRepository(url: url, key: .file(path: key))
    }

    /// A key file is trusted because the operator has it; a fetched key only by its fingerprint.
    private func key(of section: MappingReader) -> Mirrors.Key? {
        let fingerprint = section["fingerprint"]?.read(FingerprintRule.fingerprint)
        guard let field = section.required("key", like: "~/keys/mirror.asc"), let text = field.read({ $0 }) else {
            return nil
        }
        if !text.contains("://") {
            section["fingerprint"]?.fail(
                ValidationError("is for a key that is fetched; a key file is trusted as it is", fix: "remove the line")
            )
            return field.read(paths.absolute).map { .file(path: $0) }
        }
        let url = field.read(WebAddress.url)
        if section["fingerprint"] == nil {
            field.fail(
                ValidationError(
                    "a key that is fetched needs a `fingerprint`",
                    fix: "add `fingerprint:` with the 40 hexadecimal digits that its owner publishes"))
        }
        guard let url, let fingerprint else { return nil }
        return .url(url, fingerprint: fingerprint)
    }

    /// The digest may be left out for a copy of the release that kubeforge knows.
    private func archive(_ field: Field) -> Mirrors.Archive? {
        guard let section = MappingReader(field, keys: Self.archiveKeys) else { return nil }
        let sum = section["sha256"]?.read(FingerprintRule.sha256)
        let like = "https://mirror.example.org/cri-dockerd-0.3.25.{arch}.tgz"
        guard let url = section.required("url", like: like)?.read(Self.archiveAddress) else { return nil }
        return Mirrors.Archive(url: url, sha256: sum)
    }

    private static func archiveAddress(_ text: String) throws(ValidationError) -> String {
        _ = try WebAddress.url(text.replacing("{arch}", with: "amd64"))
        return text
    }

    private func registries(_ field: Field) -> [String: String] {
        var mirrors: [String: String] = [:]
        for (key, value) in field.entries() ?? [] {
            do throws(ValidationError) {
                let name = try ImageRule.registry(key)
                mirrors[name] = value.read(WebAddress.url)
            } catch {
                field.diagnostics.add(error, about: value.name, at: value.keyLocation)
            }
        }
        return mirrors
    }
}
