import ForgeCore
import ForgeInventory
import ForgePlan

/// The registry has the image; each node pulls from it what it lacks, by its reference.
package struct ImageIsPushed: Step {
    /// Its image is in Docker on the machine, and is tagged with its reference before the push.
    package let release: Release
    private let look: String
    private let login: String
    private let fix: String

    init(_ release: Release, of cluster: Cluster) {
        self.release = release
        login = cluster.registryLogin
        if cluster.ownRegistry != nil {
            look = Self.look(release, in: RegistryPlace())
            fix = "is there space left on the registry's disk? `df -h \(RegistryPlace().directory)`"
        } else {
            look = Self.look(release, login: login, isPlain: cluster.speaksPlainly(to: release.host))
            fix =
                """
                does \(release.host) let you push? Name who may in the inventory (service: registry: username:, \
                passwordFile:), or on \(cluster.firstControlPlane.name), as root: `docker login \(release.host)`; a \
                registry without TLS must be in mirrors: registries: with http://
                """
        }
    }

    package var title: String { "\(release.reference) is in its registry" }

    package var questions: [Question] { [.command(look)] }

    /// Asked of the registry itself, as nodes would: nothing on this machine counts.
    package func differences(given answers: Answers) -> [Difference] {
        answers.command(look).exitCode == 0 ? [] : ["the registry does not have \(release.reference)"]
    }

    /// At most one hour. Tells how many layers were new to the registry.
    package func apply(to machine: Machine) async throws {
        try await machine.run(Command("docker", "tag", "--", Word(release.image), Word(release.reference)).asRoot())
        let output = try await machine.run(push, fix: fix)
        PushedLayers(printed: output.text).difference.map(machine.tell)
    }

    /// Who removes layers that no image has any longer waits until the push is over.
    private var push: Command {
        let place = RegistryPlace()
        let script =
            """
            set -eu; mkdir -p \"${2%/*}\"; DOCKER_CONFIG=$3; export DOCKER_CONFIG; exec flock -s \"$2\" docker push -- \
            \"$1\"
            """
        return Command("sh", "-c", Word(script), "sh", Word(release.reference), Word(place.lock), Word(login)).asRoot()
            .within(.seconds(3600))
    }

    static func look(_ release: Release, in place: RegistryPlace) -> String {
        let types = [
            "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
            "application/vnd.docker.distribution.manifest.v2+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
        ]
        return RegistryCurl(place).line(
            "-s", "-f", "-o", "/dev/null", "--head", "-H", Word("Accept: \(types.joined(separator: ", "))"),
            Word("https://\(release.host)/v2/\(release.repository)/manifests/\(release.tag)"))
    }

    /// Asks the registry itself; `--insecure` only where the inventory says that it speaks plain HTTP.
    private static func look(_ release: Release, login: String, isPlain: Bool) -> String {
        let words: [Word] =
            ["timeout", "20", "env", Word("DOCKER_CONFIG=\(login)"), "docker", "manifest", "inspect"]
            + (isPlain ? ["--insecure"] : [])
            + [Word(release.reference)]
        return Command(words).line
    }
}

/// What Docker's push says of the image's layers.
struct PushedLayers: Equatable {
    var new = 0
    var known = 0

    /// `4f4fb700ef54: Pushed`, `4f4fb700ef54: Layer already exists`, `4f4fb700ef54: Mounted from …`, one of them for
    /// each layer at its end.
    init(printed text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasSuffix(": Pushed") { new += 1 }
            if line.hasSuffix(": Layer already exists") || line.contains(": Mounted from ") { known += 1 }
        }
    }

    /// nil when it says nothing of them: how Docker tells of a push may change.
    var difference: Difference? {
        new + known == 0 ? nil : Difference("\(new) of \(new + known) layers were new to it")
    }
}

extension Cluster {
    /// Whether the inventory says that the registry is reached over plain HTTP.
    func speaksPlainly(to registry: String) -> Bool { mirrors.registries.values.contains("http://" + registry) }
}
