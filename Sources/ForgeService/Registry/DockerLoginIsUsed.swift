import ForgeCore
import ForgePlan

/// The login that root's Docker on the machine that builds has for a registry is the one that pods pull with: out of
/// its config.json, or of the credential helper that this names. No login is one, too.
struct DockerLoginIsUsed: Step {
    private let registry: String
    private let directory: String
    private let config: String

    /// `config`: root's config.json, which `docker login` writes.
    init(to registry: String, directory: String? = nil, config: String = "/root/.docker/config.json") {
        self.registry = registry
        self.directory = directory ?? RegistryPlace.login(to: registry)
        self.config = config
    }

    var title: String { "Docker's login to \(registry) is the pods' own" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        switch state.text {
        case "same" where state.exitCode == 0: return []
        case "other" where state.exitCode == 0: return ["Docker's login is another one, or is not known to pods yet"]
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
            answer=$(cat \#(config.shellQuoted) 2>/dev/null || :)
            text=$(printf %s "$answer" | tr -d ' \t\n\r')
            helper=$(printf %s "$text" | sed -n 's/.*"credHelpers":{[^}]*"\#(pattern)":"\([A-Za-z0-9._-]*\)".*/\1/p')
            [ -n "$helper" ] || helper=$(printf %s "$text" | sed -n 's/.*"credsStore":"\([A-Za-z0-9._-]*\)".*/\1/p')
            [ -z "$helper" ] || answer=$(printf %s \#(key.shellQuoted) | HOME=/root docker-credential-"$helper" get \#
            2>/dev/null || :)
            """#
    }
}

extension String {
    /// As a shell's `$(…)` leaves it.
    fileprivate var trimmingNewlines: String { last?.isNewline == true ? String(dropLast()).trimmingNewlines : self }
}
