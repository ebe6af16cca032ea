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
                "\(RegistryPlace.login(to: registry, as: login.user))/config.json", DockerConfig.text([key: auth]),
                mode: 0o600,
                isSecret: true),
            title: "\(login.user) may push to \(registry)")
    }

    private static func password(_ path: String, _ cluster: Cluster) throws(Problem) -> String {
        let fix = "correct service: registry: passwordFile: in \(cluster.path.isEmpty ? "the inventory" : cluster.path)"
        let text: String
        do throws(LocalFile.Failure) {
            text = String(withoutByteOrderMark: try LocalFile.read(path).bytes)
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

/// The login that root's Docker on the machine that builds has for a registry is the one that pods pull with: out of
/// its config.json, or of the credential helper that this names. No login is one, too; that a helper fails is none.
struct DockerLoginIsUsed: Step {
    private let registry: String
    private let directory: String
    private let config: String

    /// `config`: root's config.json, which `docker login` writes.
    init(to registry: String, directory: String? = nil, config: String = "/root/.docker/config.json") {
        self.registry = registry
        self.directory = directory ?? RegistryPlace.login(to: registry, as: nil)
        self.config = config
    }

    var title: String { "Docker's login to \(registry) is the pods' own" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        switch state.text {
        case "same" where state.exitCode == 0: return []
        case "other" where state.exitCode == 0: return ["Docker's login has changed, or pods do not have it yet"]
        default: return [Difference("Docker's login could not be read: \(state.text)")]
        }
    }

    /// What is read never becomes an event: it is a password.
    func apply(to machine: Machine) async throws {
        let said = try await machine.runUnlogged(
            Command("sh", "-c", Word(source + "\nprintf '%s\\n%s' \"$helper\" \"$answer\"")).asRoot()
        ).text
        let lines = said.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let (helper, answer) = (lines.first ?? "", lines.count > 1 ? String(lines[1]).trimmingNewlines : "")
        let entries =
            helper.isEmpty
            ? DockerConfig.entries(in: answer, of: registry)
            : DockerConfig.entry(ofHelper: answer).map { [DockerConfig.key(of: registry): $0] } ?? [:]
        try await machine.write(
            RemoteFile("\(directory)/config.json", DockerConfig.text(entries), mode: 0o600, isSecret: true))
        try await machine.write(RemoteFile("\(directory)/source", SHA256.hex(Array(answer.utf8)) + "\n", mode: 0o600))
    }

    var look: String {
        source + """

            sum=$(printf %s "$answer" | sha256sum); there=; ! [ -e \((directory + "/source").shellQuoted) ] || read -r \
            there <\((directory + "/source").shellQuoted)
            if [ -e \((directory + "/config.json").shellQuoted) ] && [ "$there" = "${sum%% *}" ]; then echo same; else \
            echo other; fi
            """
    }

    /// Sets `helper`, which is empty where there is none, and `answer`: what the helper says, or else the config.json.
    private var source: String {
        let key = DockerConfig.key(of: registry)
        let pattern = key.replacing(/[.\/\[\]*^$\\]/) { "\\" + $0.0 }
        return #"""
            answer=$(cat \#(config.shellQuoted) 2>/dev/null)
            text=$(printf %s "$answer" | tr -d ' \t\n\r')
            helper=$(printf %s "$text" | sed -n 's/.*"credHelpers":{[^}]*"\#(pattern)":"\([A-Za-z0-9._-]*\)".*/\1/p')
            [ -n "$helper" ] || helper=$(printf %s "$text" | sed -n 's/.*"credsStore":"\([A-Za-z0-9._-]*\)".*/\1/p')
            [ -z "$helper" ] || answer=$(printf %s \#(key.shellQuoted) | HOME=/root docker-credential-"$helper" get \#
            2>/dev/null) || {
              said="docker-credential-$helper: ${answer:-exit code $?}"
              case $answer in *'credentials not found'*) answer=;; *) echo "$said"; echo "$said" >&2; exit 1;; esac
            }
            """#
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

extension String {
    /// The text as a shell's `$(…)` leaves it.
    fileprivate var trimmingNewlines: String { last?.isNewline == true ? String(dropLast()).trimmingNewlines : self }
}
