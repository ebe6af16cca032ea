import ForgeCore
import ForgePlan

/// Docker on the machine has the release's image. The tag stands for the context and the arguments; what the base
/// image's own tag meant when it was built, and what Debian had then, is not looked at again.
package struct ImageIsBuilt: Step {
    package let release: Release
    /// What `--build-arg` gets.
    package let arguments: [String]
    /// Builders know its arguments by themselves, and neither the image nor their cache depends on them.
    package let proxy: Proxy?

    package init(_ release: Release, arguments: [String], proxy: Proxy? = nil) {
        self.release = release
        self.arguments = arguments
        self.proxy = proxy
    }

    package var title: String { "image \(release.image) is built" }

    package var questions: [Question] { [.command(look)] }

    package func differences(given answers: Answers) -> [Difference] {
        answers.command(look).exitCode == 0 ? [] : ["Docker has no image \(release.image)"]
    }

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
        let words: [Word] =
            ["docker", "build", "--force-rm", "--network", "host", "--tag", Word(release.image)]
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
