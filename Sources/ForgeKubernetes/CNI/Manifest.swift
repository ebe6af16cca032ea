import ForgeCore
import ForgePlan

/// What a manifest on the control plane says is so in the cluster.
struct Manifest: Step {
    let title: String
    /// Of a file, or of a directory with a kustomization.yaml.
    let path: String
    private let source: [Word]

    init(_ title: String, path: String) {
        self.title = title
        self.path = path
        source = ["-f", Word(path)]
    }

    /// Applied on the server's side: the definitions of some resources are longer than what a client may note beside
    /// them.
    init(_ title: String, directory: String) {
        self.title = title
        path = directory
        source = ["--server-side", "--force-conflicts", "-k", Word(directory)]
    }

    var questions: [Question] { [.command(look)] }

    /// `kubectl diff` asks the API server what an apply would change: 0 is nothing, 1 is something, more is a failure.
    func differences(given answers: Answers) -> [Difference] {
        switch answers.command(look).exitCode {
        case 0: []
        case 1: ["the cluster differs from \(path)"]
        case 124: ["whether the cluster is as \(path) says is not known: kubectl diff took too long"]
        default: ["whether the cluster is as \(path) says is not known: kubectl diff failed"]
        }
    }

    func apply(to machine: Machine) async throws {
        try await machine.run(Kubectl.command(["apply"] + source))
    }

    private var look: String {
        "[ -e \(path) ] && " + Kubectl.asAdmin("diff \(Command(source).line) >/dev/null")
    }
}
