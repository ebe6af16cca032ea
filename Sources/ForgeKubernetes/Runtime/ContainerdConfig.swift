import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// containerd speaks CRI, with systemd's cgroups, our sandbox image and the mirrors. Docker's package ships it with CRI disabled.
struct ContainerdConfig: Step {
    /// The whole file in both of its formats: containerd 2 reads version 3.
    private let version2: RemoteFile
    private let version3: RemoteFile
    private let package: String

    static let path = "/etc/containerd/config.toml"

    init(cluster: Cluster, templates: Templates) throws(Problem) {
        let values = ["sandboxImage": PauseImage.reference(for: cluster)]
        version2 = RemoteFile(Self.path, try templates["containerd/config-2.toml"].render(values))
        version3 = RemoteFile(Self.path, try templates["containerd/config-3.toml"].render(values))
        package = DockerPackages(cluster: cluster).containerdPackage
    }

    var title: String { "containerd is configured for Kubernetes" }

    var questions: [Question] { [.package(package), .file(Self.path)] }

    func differences(given answers: Answers) -> [Difference] { FileIs(file(answers)).differences(given: answers) }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        try await machine.write(file(answers))
    }

    private func file(_ answers: Answers) -> RemoteFile {
        let major = answers.package(package).installed.flatMap { Int($0.prefix { $0.isNumber }) } ?? 1
        return major >= 2 ? version3 : version2
    }
}
