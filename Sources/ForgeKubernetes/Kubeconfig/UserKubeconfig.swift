import ForgeCore
import ForgePlan

/// The login user of the control plane can use kubectl: the administrator's credentials are in ~/.kube/config.
struct UserKubeconfig: Step {
    let user: String
    let home: String
    let group: String
    let cluster: String
    /// The address at which the nodes reach the API server.
    let server: String

    private var path: String { "\(home)/.kube/config" }

    var title: String { "\(user) can use kubectl here" }

    var questions: [Question] {
        [.file(HostKubectl.adminConfig), .file(path), .contents(HostKubectl.adminConfig), .contents(path)]
    }

    func differences(given answers: Answers) -> [Difference] {
        guard answers.file(HostKubectl.adminConfig) != nil else {
            return ["\(HostKubectl.adminConfig) is not there yet"]
        }
        guard let own = answers.file(path) else { return ["\(path) is missing"] }
        // A link is its user's way of keeping it; owner and mode are those of what it leads to.
        let isTheirs = own.kind == .symlink || own.owner == "\(user):\(group)" && own.mode == 0o600
        return contentDifferences(answers) + (isTheirs ? [] : ["\(path) does not belong to \(user) alone"])
    }

    private func contentDifferences(_ answers: Answers) -> [Difference] {
        do throws(Problem) {
            return try wanted(answers)?.differences.map { Difference("\(path): \($0)") } ?? []
        } catch {
            return [Difference("\(path): \([error.what, error.why].compactMap { $0 }.joined(separator: ": "))")]
        }
    }

    /// What shall stand there; nil where what stands there will do.
    private func wanted(_ answers: Answers) throws(Problem) -> (text: String, differences: [String])? {
        guard let text = answers.text(HostKubectl.adminConfig) else {
            throw Problem(what: "\(HostKubectl.adminConfig) is missing")
        }
        let admin = try AdminConfig(text, server: server, source: HostKubectl.adminConfig)
        guard let own = answers.text(path) else { return (text, ["missing"]) }
        // A namespace, or contexts of other clusters beside it, take nothing from it.
        if [admin.authority, admin.certificate, admin.key].allSatisfy({ own.contains($0) }) { return nil }
        if (try? AdminConfig(own, server: server, source: path)) != nil {
            return (text, ["has the credentials of an earlier cluster at \(server)"])
        }
        if let size = answers.file(path)?.size, answers.contents(path)?.count != size,
            answers.file(path)?.kind == .regular
        {
            throw Problem(
                what: "it could not be read in full", fix: "move \(path) away on the control plane, and run again")
        }
        let merged = try Kubeconfig(merging: KubeconfigEntries(name: cluster, admin: admin, server: server), into: own)
        return merged.differences.isEmpty ? nil : (merged.text, merged.differences)
    }

    /// What is found there the first time is kept beside it; later ones are kubeforge's own. A directory that
    /// ~/.kube only leads to may be for others, too, and keeps its owner and mode.
    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let text = try wanted(answers)?.text ?? answers.text(path) ?? ""
        let script = """
            set -eu; umask 077
            \(ShellFunction.place)
            \(ShellFunction.sweep)
            directory=$(readlink -m -- "${3%/*}")
            [ -L "${3%/*}" ] && [ -d "$directory" ] || install -d -m 0700 -o "$1" -g "$2" -- "$directory"
            path=$(readlink -m -- "$3"); sweep "$path"; new=$path.kubeforge.$$
            trap 'rm -f -- "$new" "$new.copy"' EXIT; \(ShellFunction.endsBySignal)
            rm -f -- "$new"; cat > "$new"; chown -- "$1:$2" "$new"
            if [ -e "$path" ] && [ ! -e "$path.before-kubeforge" ] && ! cmp -s -- "$path" "$new"; then
              cp -p -- "$path" "$new.copy"; place "$new.copy" "$path.before-kubeforge"
            fi
            place "$new" "$path"
            """
        let words: [Word] = [Word(user), Word(group), Word(path)]
        try await machine.run(
            Command([Word("sh"), "-c", Word(script), "sh"] + words).reading(.secret(Array(text.utf8))).asRoot(),
            fix: "is there space left on \(machine.host.name)? `df -h \(home)` tells")
    }
}
