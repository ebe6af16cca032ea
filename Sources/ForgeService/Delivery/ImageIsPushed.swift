import ForgeCore
import ForgePlan

/// The registry that the inventory names has the image; each node pulls it by its reference.
package struct ImageIsPushed: Step {
    package let release: Release

    package init(_ release: Release) { self.release = release }

    package var title: String { "\(release.reference) is in its registry" }

    package var questions: [Question] { [.command(look)] }

    package func differences(given answers: Answers) -> [Difference] {
        answers.command(look).exitCode == 0 ? [] : ["the registry does not have \(release.reference)"]
    }

    package func apply(to machine: Machine) async throws {
        try await machine.run(Command("docker", "tag", "--", Word(release.image), Word(release.reference)).asRoot())
        try await machine.run(
            Command("docker", "push", "--", Word(release.reference)).asRoot().within(.seconds(3600)),
            fix:
                "on \(machine.host.name), as root: `docker login \(registryHost)`; a registry without TLS must be in mirrors: registries: with http://"
        )
    }

    private var registryHost: Substring { release.reference.prefix { $0 != "/" } }

    /// Asks the registry itself; `--insecure` only allows plain HTTP, which the registry of a lab speaks.
    private var look: String { Command("timeout", "20", "docker", "manifest", "inspect", "--insecure", Word(release.reference)).line }
}
