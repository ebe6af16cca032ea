import ForgeCore

/// What is taken of a control plane's admin.conf: three pieces of PEM, in base64, and nothing else.
///
/// A kubeconfig may name programs to run, files to send and proxies to use, on the computer where kubectl reads it.
/// This one comes from a machine, which the operator's computer need not trust: a line that is not expected is refused,
/// whatever YAML would make of it.
package struct AdminConfig: Sendable, Hashable {
    /// The cluster's certificate authority.
    package let authority: String
    /// The administrator's certificate.
    package let certificate: String
    /// The administrator's private key.
    package let key: String

    /// `server` is where the machine must say that its cluster answers; `source` names the file in a problem.
    package init(_ text: String, server: String, source: String) throws(Problem) {
        do throws(Refused) {
            var values = Values()
            for line in text.split(whereSeparator: \.isNewline) { try values.take(line) }
            guard values.server == server else {
                throw Refused(reason: "its server is \(values.server ?? "not named"), not \(server)")
            }
            authority = try values.pem("certificate-authority-data", ["CERTIFICATE"])
            certificate = try values.pem("client-certificate-data", ["CERTIFICATE"])
            key = try values.pem("client-key-data", ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"])
        } catch {
            throw Problem(
                what: "\(source) was rejected: \(error.reason)",
                why:
                    """
                    an admin.conf of kubeadm has one cluster and one user, with a server, two certificates and a key, \
                    all of them in the file
                    """,
                fix:
                    """
                    do you trust this machine? If so, move its \(HostKubectl.adminConfig) away and recreate it there: \
                    sudo kubeadm init phase kubeconfig admin
                    """
            )
        }
    }
}

private struct Refused: Error {
    let reason: String
}

/// The scalars of an admin.conf, line by line.
private struct Values {
    private var named: [String: String] = [:]

    private static let once = [
        "certificate-authority-data", "client-certificate-data", "client-key-data", "server", "apiVersion", "kind",
        "current-context",
        "clusters", "contexts", "users", "preferences",
    ]
    private static let names = ["name", "cluster", "context", "user", "namespace"]
    /// Ten times what kubeadm writes.
    private static let longest = 65_536

    var server: String? { named["server"] }

    mutating func take(_ line: Substring) throws(Refused) {
        let words = line.drop { $0 == " " || $0 == "-" }
        guard !words.isEmpty, !words.hasPrefix("#") else { return }
        let parts = words.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let (key, value) = (String(parts[0]), parts.count == 2 ? parts[1].trimming { $0 == " " } : nil)
        guard let value, Self.once.contains(key) || Self.names.contains(key) else {
            throw Refused(reason: "it holds \(key.prefix(80).debugDescription)")
        }
        guard value.utf8.allSatisfy(Self.isPlain) || (key == "preferences" && value == "{}") else {
            throw Refused(reason: "the value of \(key) is not a plain one")
        }
        guard Self.once.contains(key) else { return }
        guard named.updateValue(value, forKey: key) == nil else { throw Refused(reason: "it holds \(key) twice") }
    }

    func pem(_ name: String, _ labels: [String]) throws(Refused) -> String {
        guard let value = named[name], !value.isEmpty else { throw Refused(reason: "it holds no \(name)") }
        guard value.utf8.count <= Self.longest, let bytes = Base64.decoded(value), Self.isPEM(bytes, labels) else {
            throw Refused(reason: "\(name) is not base64 of PEM (\(labels[0]))")
        }
        return value
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./:=@+".utf8.contains(byte)
        }
    }

    /// Blocks with one of the labels, and nothing between them.
    private static func isPEM(_ bytes: [UInt8], _ labels: [String]) -> Bool {
        var (open, blocks): (String?, Int) = (nil, 0)
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            if let label = open {
                if line == "-----END \(label)-----" {
                    (open, blocks) = (nil, blocks + 1)
                } else if !line.utf8.allSatisfy({ isPlain($0) && $0 != UInt8(ascii: "-") }) {
                    return false
                }
            } else {
                guard let label = labels.first(where: { line == "-----BEGIN \($0)-----" }) else { return false }
                open = label
            }
        }
        return open == nil && blocks > 0
    }
}
