import ForgeCore
import ForgePlan

/// What the release must answer is kept beside the cluster, out of the service's own reach: golden.json, and the rows
/// of the test that it is about, as JSON.
package struct ExpectedAnswersAreSaved: Step {
    /// The release whose image holds the answers; its tag names the directory that keeps them.
    package let release: Release

    package init(_ release: Release) { self.release = release }

    package var title: String { "the expected answers of \(release.image) are saved" }

    package var questions: [Question] { files.map { .file($0) } }

    package func differences(given answers: Answers) -> [Difference] {
        files.filter { answers.file($0)?.kind != .regular }.map { Difference("\($0) is missing") }
    }

    /// Copies out of the image. Throws where the image has no golden.json or no test rows.
    package func apply(to machine: Machine) async throws {
        try await machine.run(
            copy,
            fix:
                """
                the image must hold /app/models/golden.json and /app/data/\(TestRows.name), as \
                templates/service/Dockerfile makes them
                """
        )
    }

    private var files: [String] { [TestRows.name, "golden.json"].map { RemotePaths.answers(release.tag) + "/" + $0 } }

    /// Out of a container that never starts; one that a killed run left would keep its image for ever. golden.json is
    /// renamed last: where it is, all is.
    package var copy: Command {
        let script = """
            set -eu; umask 077; place=$1
            \(ShellFunction.place)
            mkdir -p -- "$place"; chmod 0700 -- "${place%/*}" "$place"
            left=$(docker ps --all --quiet --filter label=kubeforge.io/reads-answers); [ -z "$left" ] || docker rm -- \
            $left >/dev/null
            container=$(docker create --label kubeforge.io/reads-answers -- "$2")
            trap 'docker rm -- "$container" >/dev/null' EXIT; \(ShellFunction.endsBySignal)
            for file in data/\(TestRows.name) models/golden.json; do
              new="$place/.kubeforge.$$"
              docker cp "$container:/app/$file" - | tar -xO > "$new"
              [ -s "$new" ] || { rm -f -- "$new"; echo "$2 has no /app/$file" >&2; exit 1; }
              place "$new" "$place/${file##*/}"
            done
            """
        return Command("sh", "-c", Word(script), "sh", Word(RemotePaths.answers(release.tag)), Word(release.image))
            .asRoot()
    }
}
