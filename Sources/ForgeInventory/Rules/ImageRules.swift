/// Names of registries and images, as containerd and Docker take them.
enum ImageRule {
    /// A registry alone, as images name it: `docker.io`, `registry.example.org:5000`.
    static func registry(_ text: String) throws(ValidationError) -> String {
        guard isRegistry(text) else {
            throw ValidationError("needs a registry's name, such as docker.io or registry.example.org:5000")
        }
        return text
    }

    /// `host[:port][/path]`: where images are pulled from or pushed to.
    static func repository(_ text: String) throws(ValidationError) -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.count <= 255, isRegistry(parts[0]), parts.dropFirst().allSatisfy(isComponent) else {
            let bare = text.wholeMatch(of: /https?:\/\/(.+?)\/*/).map { String($0.1) }
            throw ValidationError(
                "needs a registry with or without a path, such as registry.example.org/team",
                fix: bare.map { "write \($0), without http://" })
        }
        return text
    }

    /// An image with a tag or digest that does not move.
    static func image(_ text: String) throws(ValidationError) -> String {
        let shape = /([^@]+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@sha256:[0-9a-f]{64})?/
        guard text.utf8.count <= 512, let match = text.wholeMatch(of: shape), isName(String(match.1)) else {
            throw ValidationError("needs an image, such as \(Service.defaultBaseImage)")
        }
        if match.3 == nil, match.2 == nil || match.2 == "latest" {
            throw ValidationError("needs a tag or a digest that stays, such as \(Service.defaultBaseImage)")
        }
        return text
    }

    private static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        return parts.dropFirst().allSatisfy(isComponent)
            && (isComponent(parts[0]) || parts.count > 1 && isRegistry(parts[0]))
    }

    /// Docker's own rule: without a dot, a port or `localhost`, the first part is a user of Docker Hub.
    private static func isRegistry(_ text: String) -> Bool {
        WebAddress.isHost(text) && (text.contains(".") || text.contains(":") || text == "localhost")
    }

    private static func isComponent(_ text: String) -> Bool {
        text.wholeMatch(of: /[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*/) != nil
    }
}
