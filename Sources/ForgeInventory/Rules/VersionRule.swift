/// Which Kubernetes can be asked for.
enum VersionRule {
    static let oldest = Version(1, 20, 0)
    /// What pkgs.k8s.io begins with; what is older needs a mirror.
    static let oldestPublished = Version(1, 24, 0)
    static let newestMinor = 37

    static func version(_ text: String) throws(ValidationError) -> Version {
        guard let version = Version(text) else { throw malformed(text) }
        if version < oldest {
            throw ValidationError(
                "\(version) is too old", why: "kubeforge knows Kubernetes 1.\(oldest.minor) to 1.\(newestMinor)")
        }
        if version.isAtLeast(1, newestMinor + 1) {
            throw ValidationError(
                "\(version) is newer than this kubeforge",
                why: "it knows Kubernetes 1.\(oldest.minor) to 1.\(newestMinor)")
        }
        return version
    }

    private static func malformed(_ text: String) -> ValidationError {
        let bare = text.first == "v" ? Version(String(text.dropFirst())) : nil
        return ValidationError("needs three numbers, such as 1.36.2", fix: bare.map { "write \($0), without the v" })
    }
}
