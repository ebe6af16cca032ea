import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import Foundation

/// What opens the registry that the inventory names, as a config.json of Docker's on the machine that builds.
enum RegistryLogin {
    /// The user and the password file of the inventory, or else whatever Docker on that machine is logged in as.
    static func step(_ cluster: Cluster, to registry: String) throws(Problem) -> any Step {
        guard let login = cluster.service.registryLogin else { return DockerLoginIsUsed(to: registry) }
        let key = DockerConfig.key(of: registry)
        let auth = DockerConfig.basic(login.user, try password(login.passwordPath, cluster))
        return FileIs(
            RemoteFile(
                "\(RegistryPlace.login(to: registry))/config.json", DockerConfig.text([key: auth]), mode: 0o600,
                isSecret: true),
            title: "\(login.user) may push to \(registry)")
    }

    private static func password(_ path: String, _ cluster: Cluster) throws(Problem) -> String {
        let fix = "correct service: registry: passwordFile: in \(cluster.path.isEmpty ? "the inventory" : cluster.path)"
        let text: String
        do throws(LocalFile.Failure) {
            text = String(decoding: try LocalFile.read(path).bytes, as: UTF8.self)
        } catch {
            throw Problem(.invalidInventory, what: "\(path) cannot be read", why: error.reason, fix: fix)
        }
        guard let line = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).first, !line.isEmpty
        else {
            throw Problem(.invalidInventory, what: "\(path) has no password in its first line", fix: fix)
        }
        return String(line)
    }
}

/// Docker's config.json, as far as it is about logins.
enum DockerConfig {
    /// The name by which Docker and the kubelet look a registry's login up.
    static func key(of registry: String) -> String {
        let host = registry.prefix { $0 != "/" }
        return host == "docker.io" ? "https://index.docker.io/v1/" : String(host)
    }

    /// An entry for a user with a password.
    static func basic(_ user: String, _ password: String) -> [String: String] {
        ["auth": Data("\(user):\(password)".utf8).base64EncodedString()]
    }

    static func text(_ entries: [String: [String: String]]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: (try? encoder.encode(["auths": entries])) ?? Data(), as: UTF8.self) + "\n"
    }

    /// The registry's entries in another config.json, whatever form of its address they are under.
    static func entries(in json: String, of registry: String) -> [String: [String: String]] {
        guard let file = OutsideJSON.value(of: json) as? [String: Any] else {
            return [:]
        }
        let auths = (file["auths"] as? [String: [String: Any]]) ?? [:]
        let wanted = host(key(of: registry))
        return auths.filter { host($0.key) == wanted }.compactMapValues { entry in
            let texts = entry.compactMapValues { $0 as? String }
            return texts.isEmpty ? nil : texts
        }
    }

    /// What a credential helper says, as an entry; nil when it knows no login.
    static func entry(ofHelper json: String) -> [String: String]? {
        struct Answer: Decodable {
            var user: String
            var secret: String

            enum CodingKeys: String, CodingKey {
                case user = "Username"
                case secret = "Secret"
            }
        }
        guard let answer = OutsideJSON.decode(Answer.self, from: json) else { return nil }
        // Docker's own sign for a token that is no password.
        return answer.user == "<token>" ? ["identitytoken": answer.secret] : basic(answer.user, answer.secret)
    }

    private static func host(_ address: String) -> Substring {
        (address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]).prefix { $0 != "/" }
    }
}
