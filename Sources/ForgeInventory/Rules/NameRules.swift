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
