import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation

/// The cluster has the tokens that let in who asks the service, and what it speaks TLS with.
struct AccessSecret: Step {
    private let content: ContentSecret

    /// nil where whoever reaches the service may ask it, in plain HTTP; reads the files from the operator's disk.
    /// Throws where pods could not use them, or no client would trust them at this time, in seconds since 1970.
    init?(_ cluster: Cluster, at time: Int = UTCDate.now) throws(Problem) {
        let service = cluster.service
        var files: [String: [UInt8]] = [:]
        if let path = service.tokensPath {
            files["tokens"] = Array((try AccessTokens(path, cluster).all.joined(separator: "\n") + "\n").utf8)
        }
        if let tls = service.tls {
            let pair = try TLSFiles(tls, cluster, at: time)
            (files["tls.crt"], files["tls.key"]) = (pair.certificate, pair.key)
        }
        if files.isEmpty { return nil }
        content = ContentSecret(
            Self.name(service), files, of: service, title: "access Secret is up to date")
    }

    /// The beginning of its name.
    static func name(_ service: Service) -> String { "\(service.name)-access" }

    var name: String { content.name }

    var title: String { content.title }

    var questions: [Question] { content.questions }

    func differences(given answers: Answers) -> [Difference] { content.differences(given: answers) }

    func apply(to machine: Machine) async throws { try await content.apply(to: machine) }

}

/// What a service speaks TLS with, as the operator has it.
struct TLSFiles {
    /// In PEM.
    let certificate, key: [UInt8]

    init(_ tls: Service.TLS, _ cluster: Cluster, at time: Int) throws(Problem) {
        certificate = try OperatorFile.read(tls.certificatePath, "tls: certificate", cluster)
        key = try OperatorFile.read(tls.keyPath, "tls: key", cluster)
        let inventory = OperatorFile.inventory(cluster)
        guard let chain = CertificateFile(pem: certificate) else {
            throw Problem(
                .invalidInventory, what: "\(tls.certificatePath) holds no certificate in PEM",
                fix: "correct service: tls: certificate: in \(inventory)")
        }
        guard CertificateFile.isPrivateKey(key) else {
            throw Problem(
                .invalidInventory, what: "\(tls.keyPath) holds no private key in PEM",
                why: "a pod cannot use a key that has a passphrase",
                fix: "correct service: tls: key: in \(inventory)")
        }
        try Self.check(chain, tls, at: time, inventory)
        try Self.check(CertificateFile.place(ofKey: key, in: certificate), tls, inventory)
    }

    private static func check(
        _ chain: CertificateFile, _ tls: Service.TLS, at time: Int, _ inventory: String
    ) throws(Problem) {
        guard !(chain.begins...max(chain.begins, chain.ends)).contains(time) else { return }
        throw Problem(
            .invalidInventory,
            what: time > chain.ends
                ? "\(tls.certificatePath) expired on \(UTCDate.text(chain.ends))"
                : "\(tls.certificatePath) is not valid before \(UTCDate.text(chain.begins))",
            why: "no client would trust the service",
            fix: "renew it, or name another: service: tls: certificate: in \(inventory)")
    }

    private static func check(_ place: Int?, _ tls: Service.TLS, _ inventory: String) throws(Problem) {
        guard place != 0 else { return }
        throw Problem(
            .invalidInventory, what: "\(tls.keyPath) is not the key of \(tls.certificatePath)",
            why: place.map {
                "it belongs to certificate \($0 + 1) of that file, and the service's own must be the first"
            },
            fix: place == nil
                ? "name the key that the certificate was requested with: service: tls: key: in \(inventory)"
                : "put the service's own certificate first, and those of its authority after it")
    }
}

/// A day as sentences name it: `2026-11-21 (UTC)`.
enum UTCDate {
    /// In seconds since 1970.
    static var now: Int { time(nil) }

    /// The day of a time in seconds since 1970.
    static func text(_ seconds: Int) -> String {
        let date = Date(timeIntervalSince1970: Double(seconds))
        return date.formatted(.iso8601.year().month().day()) + " (UTC)"
    }
}

/// Tokens of a file of the operator's.
struct AccessTokens {
    /// In the order of the file; never none.
    let all: [String]

    init(_ path: String, _ cluster: Cluster) throws(Problem) {
        let text = String(withoutByteOrderMark: try OperatorFile.read(path, "tokens", cluster))
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            $0.trimming(while: \.isWhitespace)
        }
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
                .invalidInventory, what: "\(path):\(place + 1): cannot be used as a token",
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
    /// The first token of the inventory's, and its certificate; none where it names none.
    init(_ cluster: Cluster) throws(Problem) {
        token = try cluster.service.tokensPath.map { path throws(Problem) in try AccessTokens(path, cluster).all[0] }
        certificate = try cluster.service.tls.flatMap { tls throws(Problem) in
            CertificateFile(pem: try OperatorFile.read(tls.certificatePath, "tls: certificate", cluster))
        }
    }
}
