/// A registry of the user's own: `registry: registry.example.org/mlops`, or the same with who may push and pull.
struct RegistrySection {
    static let keys = ["repository", "username", "passwordFile"]

    let paths: LocalPath

    func read(_ field: Field, into service: inout Service) {
        guard field.isMapping else {
            service.registry = field.read(ImageRule.repository)
            return
        }
        guard let section = MappingReader(field, keys: Self.keys) else { return }
        service.registry = section.required("repository", like: "registry.example.org/mlops")?.read(
            ImageRule.repository)
        guard section["username"] != nil || section["passwordFile"] != nil else { return }
        let user = section.required("username", like: "kubeforge")?.read(Self.user)
        let path = section.required("passwordFile", like: "~/keys/registry-password")?.read(paths.file)
        if let user, let path { service.registryLogin = Service.RegistryLogin(user: user, passwordPath: path) }
    }

    /// HTTP's basic authentication puts a colon between both.
    private static func user(_ text: String) throws(ValidationError) -> String {
        if text.contains(":") {
            throw ValidationError("must have no colon in it", why: "a colon ends the name where it is sent")
        }
        return text
    }
}
