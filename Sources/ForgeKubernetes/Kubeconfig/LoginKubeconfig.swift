import ForgeCore
import ForgePlan

/// The login user of the control plane can use kubectl: ~/.kube/config is the administrator's.
struct LoginKubeconfig: Step {
    let user: String
    let home: String
    let group: String

    private var path: String { "\(home)/.kube/config" }

    var title: String { "\(user) can use kubectl here" }

    var questions: [Question] { [.file(Kubectl.adminConfig), .file(path)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let admin = answers.file(Kubectl.adminConfig) else { return ["\(Kubectl.adminConfig) is not there yet"] }
        guard let own = answers.file(path) else { return ["\(path) is missing"] }
        if own.sha256 != admin.sha256 { return ["\(path) is of another cluster"] }
        return own.owner == "\(user):\(group)" && own.mode == 0o600 ? [] : ["\(path) does not belong to \(user) alone"]
    }

    /// Another configuration that is found there is kept beside it.
    func apply(to machine: Machine) async throws {
        let script = """
            set -e
            install -d -m 0700 -o "$1" -g "$2" -- "${3%/*}"
            if [ -e "$3" ] && ! cmp -s "$3" "$4"; then cp -p -- "$3" "$3.before-kubeforge"; fi
            install -m 0600 -o "$1" -g "$2" -- "$4" "$3.kubeforge"
            mv -fT -- "$3.kubeforge" "$3"
            """
        let words: [Word] = [Word(user), Word(group), Word(path), Word(Kubectl.adminConfig)]
        try await machine.run(Command([Word("sh"), "-c", Word(script), "sh"] + words).asRoot())
    }
}
