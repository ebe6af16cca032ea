import ForgeCore
import ForgeInventory
import ForgePlan

/// The cluster has the tokens that let in who asks the service, and what it speaks TLS with.
struct AccessSecret: Step {
    private let content: ContentSecret

    /// nil where whoever reaches the service may ask it, in plain HTTP; reads the files from the operator's disk.
    init?(_ cluster: Cluster) throws(Problem) {
        let service = cluster.service
        var files: [String: [UInt8]] = [:]
        if let path = service.tokensPath {
            files["tokens"] = Array((try AccessTokens(path, cluster).all.joined(separator: "\n") + "\n").utf8)
        }
        if let tls = service.tls {
            files["tls.crt"] = try Self.pem(tls.certificatePath, "certificate", /-----BEGIN CERTIFICATE-----/, cluster)
            files["tls.key"] = try Self.pem(tls.keyPath, "key", /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/, cluster)
        }
        if files.isEmpty { return nil }
        content = ContentSecret(
            Self.name(service), files, of: service, title: "Secret for who asks the service is up to date")
    }

    /// The beginning of its name.
    static func name(_ service: Service) -> String { "\(service.name)-access" }

    var name: String { content.name }

    var title: String { content.title }

    var questions: [Question] { content.questions }

    func differences(given answers: Answers) -> [Difference] { content.differences(given: answers) }

    func apply(to machine: Machine) async throws { try await content.apply(to: machine) }

    private static func pem(
        _ path: String, _ key: String, _ sign: some RegexComponent, _ cluster: Cluster
    ) throws(Problem) -> [UInt8] {
        let bytes = try OperatorFile.read(path, "tls: \(key)", cluster)
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains(sign), !text.contains("ENCRYPTED") else {
            throw Problem(
                .invalidInventory, what: "\(path) holds no \(key == "key" ? "private key" : "certificate") in PEM",
                why: key == "key" ? "a key with a passphrase is of no use to a pod, which nobody can ask for it" : nil,
                fix: "correct service: tls: \(key): in \(OperatorFile.inventory(cluster))")
        }
        return bytes
    }
}

/// Tokens of a file of the operator's.
struct AccessTokens {
    /// In the order of the file; never none.
    let all: [String]

    init(_ path: String, _ cluster: Cluster) throws(Problem) {
        let text = String(decoding: try OperatorFile.read(path, "tokens", cluster), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimming(while: \.isWhitespace) }
        all = lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        let fix =
            "`openssl rand -hex 32 >> \(path.shellQuoted)`; service: tokens: in \(OperatorFile.inventory(cluster))"
        if all.isEmpty { throw Problem(.invalidInventory, what: "\(path) holds no token", fix: fix) }
        // RFC 6750; what is short can be guessed. The token itself is never shown.
        let place = lines.firstIndex { line in
            all.contains(line) && line.wholeMatch(of: /[A-Za-z0-9._~+\/-]{16,512}=*/) == nil
        }
        if let place {
            throw Problem(
                .invalidInventory, what: "\(path): token \(place + 1) cannot be used",
                why: "a token has 16 to 512 letters, digits, and . _ ~ + / -", fix: fix)
        }
    }
}

/// A file that the inventory names for a service.
enum OperatorFile {
    static func read(_ path: String, _ key: String, _ cluster: Cluster) throws(Problem) -> [UInt8] {
        do throws(LocalFile.Failure) {
            return try LocalFile.read(path, atMost: 1 << 20).bytes
        } catch {
            throw Problem(
                .invalidInventory, what: "\(path) cannot be read", why: error.reason,
                fix: "correct service: \(key): in \(inventory(cluster))")
        }
    }

    static func inventory(_ cluster: Cluster) -> String { cluster.path.isEmpty ? "the inventory" : cluster.path }
}

extension ServiceCredentials {
    /// The first token of the inventory's; none where it names none.
    init(_ cluster: Cluster) throws(Problem) {
        token = try cluster.service.tokensPath.map { path throws(Problem) in try AccessTokens(path, cluster).all[0] }
    }
}
