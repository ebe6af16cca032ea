import ForgeCore
import ForgeInventory
import ForgePlan

/// Docker on the machine has the release's image. The tag stands for the context and the arguments; what the base
/// image's own tag meant when it was built, and what Debian had then, is not looked at again, until somebody has it
/// rebuilt.
package struct ImageIsBuilt: Step {
    /// The release whose build context is on the machine already.
    package let release: Release
    /// What `--build-arg` gets.
    package let arguments: [String]
    /// Builders know its arguments by themselves, and neither the image nor their cache depends on them.
    package let proxy: Proxy?
    /// Whether the base image is pulled before, and nothing is taken from Docker's cache.
    package let isAnew: Bool

    package init(_ release: Release, arguments: [String], isAnew: Bool = false, proxy: Proxy? = nil) {
        self.isAnew = isAnew
        self.release = release
        self.arguments = arguments
        self.proxy = proxy
    }

    package var title: String { "image \(release.image) is built" }

    package var questions: [Question] { [.command(look)] }

    package func differences(given answers: Answers) -> [Difference] {
        answers.command(look).exitCode == 0 ? [] : ["Docker has no image \(release.image)"]
    }

    /// At most one hour. Throws with the last lines that the build printed, and what to do about them.
    package func apply(to machine: Machine) async throws {
        let output = try await machine.attempt(build)
        guard output.isSuccess else { throw BuildFailure(release: release, output: output, host: machine.host).problem }
        for note in Self.notes(in: output) { machine.tell(Difference(note)) }
    }

    private var look: String { DockerImage.look(release.image) }

    /// What the check of the data and the training found worth knowing, each once:
    /// `mlp: Stochastic Optimizer: Maximum iterations …`.
    static func notes(in output: Output) -> [String] {
        let lines = output.text.split(whereSeparator: \.isNewline).compactMap {
            $0.firstMatch(of: /^(?:#[0-9]+ [0-9.]+ )?note: (.+)$/)
        }
        return lines.map { String($0.1) }.uniqued()
    }

    /// With the host's network: pip then reaches what the host itself reaches, past NAT, a VPN's MTU and resolvers on
    /// loopback.
    /// A step that failed leaves no container behind (`--force-rm`). Both builders print to both streams in their own
    /// way; one stream keeps the order.
    package var build: Command {
        let anew: [Word] = isAnew ? ["--pull", "--no-cache"] : []
        let words: [Word] =
            ["docker", "build", "--force-rm"] + anew + ["--network", "host", "--tag", Word(release.image)]
            + (arguments + (proxy?.assignments ?? [])).flatMap { ["--build-arg", Word($0)] } + [
                Word(RemotePaths.context(release.tag))
            ]
        let line = Command(words).line
        return Command("sh", "-c", "export BUILDKIT_PROGRESS=plain BUILDX_NO_DEFAULT_ATTESTATIONS=1; exec \(line) 2>&1")
            .asRoot().within(.seconds(3600))
    }
}

/// Looks at the images that Docker has.
enum DockerImage {
    /// Prints the image's id; fails when there is none.
    static func look(_ name: String) -> String {
        Command("docker", "image", "inspect", "--format", "{{.Id}}", "--", Word(name)).line
    }
}

/// When the image of the release that runs was rebuilt: a deploy after that builds on it, and does not go back to
/// what was before.
/// The pods' description keeps it, so that a release that comes back brings its own.
package struct LastBuild: Sendable {
    static let annotation = "kubeforge.io/rebuilt"

    private let look: String

    package init(_ service: Service) {
        let path = #"jsonpath={range .items[*]}{.spec.template.metadata.annotations.kubeforge\.io/rebuilt}{end}"#
        look = Kubectl(namespace: service.namespace).look(
            "get", "deployments", "--field-selector", "metadata.name=\(service.name)", "--output", Word(path))
    }

    /// One query of the service's Deployment.
    package var questions: [Question] { [.command(look)] }

    /// See `Release.rebuilt`; nil, too, where the cluster does not say. Then `requirement` does not hold.
    package func time(_ answers: Answers) -> String? {
        let answer = answers.command(look)
        return answer.exitCode == 0 && !answer.text.isEmpty ? answer.text : nil
    }

    /// Holds when it is this time for certain: taken for another, the next release would have the base image of long
    /// ago.
    func requirement(_ time: String?) -> Requirement {
        Requirement("the build of the release that runs is known", asking: questions, fix: "run it again") { answers in
            let answer = answers.command(look)
            guard answer.exitCode == 0 else {
                return [Difference("the cluster does not say what it runs", silent: answer)]
            }
            let now = self.time(answers)
            return now == time ? [] : [Difference("rebuilt", from: time ?? "never", to: now ?? "never")]
        }
    }
}
