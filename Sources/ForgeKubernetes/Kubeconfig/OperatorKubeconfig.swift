import ForgeCore
import ForgePlan
import Foundation

/// The operator's kubectl knows the cluster, under its name.
struct OperatorKubeconfig: Step {
    let cluster: String
    /// A file on the operator's machine.
    let path: String
    /// `https://…:6443` where the operator reaches the API server at another address than the nodes do.
    let server: String?

    init(cluster: String, path: String, server: String? = nil) {
        self.cluster = cluster
        self.path = path
        self.server = server
    }

    var title: String { "kubectl on this computer knows \(cluster)" }

    var questions: [Question] { [.contents(Kubectl.adminConfig)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let admin = answers.text(Kubectl.adminConfig) else { return ["there is no administrator's configuration yet"] }
        let now = existing
        guard let wanted = try? Kubeconfig.merge(admin, into: now, as: cluster, server: server) else {
            return ["\(path) cannot be read as a kubeconfig"]
        }
        return (try? now.map(Kubeconfig.normalised)) == wanted ? [] : ["\(path) does not have the context \(cluster)"]
    }

    /// Mode 0600 from its first byte, and renamed: somebody's only way into other clusters may be in it.
    func apply(to machine: Machine) async throws {
        guard let admin = try await machine.ask(questions).text(Kubectl.adminConfig) else {
            throw Problem(what: "\(machine.host.name): \(Kubectl.adminConfig) is missing")
        }
        let text = try Kubeconfig.merge(admin, into: existing, as: cluster, server: server)
        // A link stays one: some keep their configuration under version control.
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let (files, new) = (FileManager.default, path + ".kubeforge")
        do {
            try files.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try? files.removeItem(atPath: new)
            guard files.createFile(atPath: new, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]) else {
                throw CocoaError(.fileWriteUnknown)
            }
            guard rename(new, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw Problem(
                what: "\(path) cannot be written", why: "\(error)", fix: "set KUBECONFIG to a file that you may write, and run again")
        }
    }

    private var existing: String? { FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } }
}
