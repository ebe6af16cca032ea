import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates

/// containerd speaks CRI, with systemd's cgroups, our sandbox image and the mirrors. Docker's package ships it with CRI
/// disabled.
struct ContainerdConfig: Step {
    /// The whole file in both of its formats: containerd 2 reads version 3.
    private let version2: SandboxText
    private let version3: SandboxText
    private let package: String
    private let images: KubeadmImages
    private let manager: PackageManager

    static let path = "/etc/containerd/config.toml"
    /// The directory of files that others add, as NVIDIA's toolkit does.
    static let dropIns = "/etc/containerd/conf.d"

    init(cluster: Cluster, templates: Templates, packages manager: PackageManager) throws(Problem) {
        self.manager = manager
        version2 = try SandboxText(templates["containerd/config-2.toml"])
        version3 = try SandboxText(templates["containerd/config-3.toml"])
        package = DockerPackages(cluster: cluster).containerdPackage
        images = KubeadmImages(cluster: cluster)
    }

    var title: String { "containerd is configured for Kubernetes" }

    var questions: [Question] {
        [
            .package(package), .file(Self.path), .command(images.look), .contents(Self.path),
            .file(OriginalFile.copy(of: Self.path)),
            .command(shippedLook),
        ]
    }

    func differences(given answers: Answers) -> [Difference] {
        guard let image = images.sandbox(answers) else {
            return answers.file(Self.path) == nil ? ["\(Self.path) is missing"] : [KubeadmImages.notKnown]
        }
        let file = file(image, answers)
        let differences = FileIs(file).differences(given: answers)
        guard !differences.isEmpty, answers.file(Self.path)?.sha256 != SHA256.hex(file.content) else {
            return differences
        }
        if !answers.command(shippedLook).text.isEmpty { return ["\(Self.path) is as its package ships it"] }
        return differences + foreign(answers).names.map { "\($0) of \(Self.path) stays" }
    }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        guard let image = images.sandbox(answers) else { throw images.noAnswer(on: machine.host) }
        try await machine.write(file(image, answers))
    }

    private func file(_ image: String, _ answers: Answers) -> RemoteFile {
        let major = answers.package(package).installed.flatMap { Int($0.prefix { $0.isNumber }) }
        let isNew = major.map { $0 >= 2 } == true
        let own = (isNew ? version3 : version2).naming(image)
        return RemoteFile(
            Self.path, bytes: Array(foreign(answers).added(to: own, version: isNew ? 3 : 2).utf8), package: package)
    }

    private func foreign(_ answers: Answers) -> ContainerdExtras { ContainerdExtras(of: answers.text(Self.path) ?? "") }

    /// Prints a line when the file is the package's own, which nobody has changed.
    private var shippedLook: String { manager.shippedLook(Self.path, of: package) }
}

/// What others put into conf.d leaves Kubernetes' settings as they are. containerd 1.x replaces a plugin's whole
/// section.
enum ContainerdDropIns {
    static var step: any Step {
        Requirement(
            "containerd's drop-ins leave Kubernetes' settings as they are", asking: [.command(look)],
            fix:
                """
                containerd 1.x takes a plugin's whole section from a drop-in: repeat there what \
                \(ContainerdConfig.path) says, or use containerd 2 (docker: source: docker)
                """
        ) { answers in
            let lost = answers.command(look).text.split(separator: "\n")
            return lost.map { "with the files of \(ContainerdConfig.dropIns) together containerd does not have \($0)" }
        }
    }

    /// containerd's own view of all its files; asked only where there is a drop-in.
    private static let look = """
        set -- \(ContainerdConfig.dropIns)/*.toml; [ -e "$1" ] || exit 0
        whole=$(containerd --config \(ContainerdConfig.path) config dump 2>/dev/null) || exit 0
        case $whole in *'SystemdCgroup = true'*) ;; *) echo 'SystemdCgroup = true';; esac
        case $whole in
        *'config_path = "\(RegistryMirrors.directory)"'* | *"config_path = '\(RegistryMirrors.directory)'"*) ;;
        *) echo 'config_path = "\(RegistryMirrors.directory)"';; esac
        """
}

/// A text that names the sandbox image, which only kubeadm on the machine knows.
struct SandboxText {
    private let text: String

    /// Rendered at once, so that a template's fault is told before a machine is asked.
    init(_ template: Template) throws(Problem) { text = try template.render(["sandboxImage": Self.mark]) }

    func naming(_ image: String) -> String { text.replacing(Self.mark, with: image) }

    private static let mark = "@sandbox-image@"
}

/// A file has this content, with the sandbox image of the installed kubeadm in it.
struct SandboxFile: Step {
    let title: String
    let path: String
    let images: KubeadmImages
    let text: SandboxText

    var questions: [Question] { [.file(path), .command(images.look)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let image = images.sandbox(answers) else {
            return answers.file(path) == nil ? ["\(path) is missing"] : [KubeadmImages.notKnown]
        }
        return FileIs(file(image)).differences(given: answers)
    }

    func apply(to machine: Machine) async throws {
        guard let image = images.sandbox(try await machine.ask(questions)) else {
            throw images.noAnswer(on: machine.host)
        }
        try await machine.write(file(image))
    }

    private func file(_ image: String) -> RemoteFile { RemoteFile(path, text.naming(image)) }
}
