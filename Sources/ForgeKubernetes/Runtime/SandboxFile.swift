import ForgeCore
import ForgePlan
import ForgeTemplates

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
