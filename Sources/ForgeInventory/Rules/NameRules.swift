/// Names as Kubernetes and Linux take them.
enum NameRule {
    /// An RFC 1123 label: a hostname, a namespace, a cluster.
    static func label(_ text: String) throws(ValidationError) -> String {
        guard text.utf8.count <= 63 else { throw ValidationError("is longer than 63 characters") }
        guard text.utf8.allSatisfy(isOfLabel), text.first != "-", text.last != "-" else {
            throw ValidationError(
                "needs lower-case letters, digits and dashes, with a letter or digit at both ends", fix: meant(text))
        }
        return text
    }

    static func host(_ text: String) throws(ValidationError) -> String {
        let name = try label(text)
        if name == "localhost" { throw ValidationError("localhost is every machine's name for itself") }
        return name
    }

    /// An RFC 1035 label, as a Kubernetes Service needs it. Labels of its Jobs are this name and up to 12 characters
    /// more (`-coordinator`), and a label has at most 63.
    static func service(_ text: String) throws(ValidationError) -> String {
        let name = try label(text)
        guard name.utf8.count <= 51 else {
            throw ValidationError("is longer than 51 characters, which leaves no room for the names of its Jobs")
        }
        if name.first?.isNumber == true { throw ValidationError("needs a letter at its beginning") }
        return name
    }

    static func namespace(_ text: String) throws(ValidationError) -> String {
        let name = try label(text)
        if name.hasPrefix("kube-") { throw ValidationError("namespaces that begin with kube- belong to Kubernetes") }
        return name
    }

    /// A login name. It becomes an argument of sudo and chown, so it cannot look like an option.
    static func user(_ text: String) throws(ValidationError) -> String {
        guard text.utf8.count <= 64, text.utf8.allSatisfy(isOfUser), text.first != "-", text.first != "." else {
            throw ValidationError("needs a login name: letters, digits, and . _ - @ inside")
        }
        return text
    }

    private static func isOfLabel(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func isOfUser(_ byte: UInt8) -> Bool {
        isOfLabel(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || "._@".utf8.contains(byte)
    }

    private static func meant(_ text: String) -> String? {
        let name = text.lowercased().map { $0 == "_" || $0 == "." || $0 == " " ? "-" : String($0) }.joined()
        guard name != text, (try? label(name)) != nil else { return nil }
        return "did you mean \(name)?"
    }
}

/// The fingerprint of an OpenPGP key, and the digest of a file.
enum FingerprintRule {
    /// 40 hexadecimal digits, upper case; spaces between them are left out.
    static func fingerprint(_ text: String) throws(ValidationError) -> String {
        let digits = text.filter { $0 != " " }.uppercased()
        guard digits.utf8.count == 40, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw ValidationError(
                "needs the 40 hexadecimal digits of the key's fingerprint", fix: "gpg --show-keys KEYFILE prints it")
        }
        return digits
    }

    /// 64 hexadecimal digits, lower case.
    static func sha256(_ text: String) throws(ValidationError) -> String {
        let digits = text.lowercased()
        guard digits.utf8.count == 64, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw ValidationError(
                "needs the 64 hexadecimal digits of the file's sha256", fix: "sha256sum FILE prints it")
        }
        return digits
    }
}

/// Which versions of Kubernetes are supported.
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
            throw ValidationError("needs a fixed tag or a digest, such as \(Service.defaultBaseImage)")
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
