import ForgeCore
import ForgePlan

/// Why an image could not be built, out of what Docker and the programs in the build printed.
struct BuildFailure {
    let release: Release
    let output: Output
    let host: Host

    var problem: Problem {
        let command = Command("docker", "build", "--tag", Word(release.image), Word(RemotePaths.context(release.tag)))
            .asRoot()
        var problem = Problem(failed: command, on: host, output, fix: fix)
        problem.why = lines.suffix(12).joined(separator: "\n")
        return problem
    }

    /// What was printed, without colours, progress bars and empty lines.
    private var lines: [String] {
        let all = (output.text + "\n" + output.errorText).split(whereSeparator: \.isNewline)
        let plain = all.map { $0.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "").trimming(while: \.isWhitespace) }
        let told = plain.filter { !$0.isEmpty && !$0.contains("━━") }
        return told.contains(where: BuildKitLine.isSign) ? told.compactMap(BuildKitLine.told).uniqued() : told
    }

    private var fix: String {
        // A note of what is allowed is no complaint.
        let text = lines.filter { !$0.hasPrefix("note: ") }.suffix(60).joined(separator: "\n")
        let known = Self.complaints.first { $0.signs.contains { text.contains($0) } }?.remedy
        return known.map { $0.split(separator: "HOST", omittingEmptySubsequences: false).joined(separator: host.name) }
            ?? "try it by hand on \(host.name): `sudo docker build \(RemotePaths.context(release.tag))`"
    }

    /// What people meet, with old tools and new ones, and what helps. The first that fits counts: what is more special
    /// stands higher.
    private static let complaints: [(signs: [String], remedy: String)] = [
        (["no space left on device"], "make room on HOST: `docker system prune`, `df -h /var/lib/docker`"),
        (
            ["Cannot connect to the Docker daemon"],
            "start Docker on HOST: `systemctl status docker` says why it does not run"
        ),
        (
            ["The user requested (constraint)"],
            """
            what follows (constraint) is what the service itself runs on, or what a -c file of yours asks for: \
            take the other requirement out of requirements.txt of the model directory, or write a version that goes \
            with it
            """
        ),
        (
            ["No matching distribution", "Could not find a version that satisfies"],
            """
            the Python index lacks a package of requirements.txt for this Python: name a complete one in the inventory \
            (mirrors: python:)
            """
        ),
        (
            ["is not a supported wheel on this platform"],
            """
            a wheel of requirements.txt is for another Python or another processor than the image's (service: \
            baseImage:): the line above names it
            """
        ),
        (
            ["DO NOT MATCH THE HASHES", "Hashes are required in --require-hashes mode"],
            """
            requirements.txt of the model directory has hashes, and then each package needs its own, those that others \
            bring, too: `pip-compile --generate-hashes` writes all of them
            """
        ),
        (
            ["differs from expected.csv"],
            "give requirements.txt of the model directory the versions of your notebook, or correct expected.csv"
        ),
        (
            ["was saved by scikit-learn", "needs the module", "needs a class of the script"],
            "do what the line above says, in the model directory (service: model:)"
        ),
        (
            ["train.py of the model directory", "model.py:"],
            "correct that program in the model directory (service: model:); its last words are above"
        ),
        (
            [
                "train.csv:", "test.csv:", "expected.csv:", "labels.csv:", "test.parquet:", "metrics.json",
                """
                trusted.txt:
                """,
                "requirements.txt:",
            ],
            """
            correct the file of the model directory (service: model:), or of service: data:; the line above says which \
            and where
            """
        ),
        (
            [
                "lstat /", "failed to compute cache key", "failed to calculate checksum",
                "file not found in build context",
            ],
            """
            the Dockerfile copies what is not in HOST's build context: correct service/Dockerfile of your templates \
            (--templates); write a directory that may be missing as a pattern, such as dat[a]/*.csv
            """
        ),
        (
            ["dockerfile parse error", "Dockerfile parse error", "unknown instruction"],
            "correct service/Dockerfile of your templates (--templates); the line above says where"
        ),
        (
            ["exec format error", "no match for platform in manifest"],
            "service: baseImage: has no image for the processor of HOST: name one that has"
        ),
        (
            ["manifest unknown", "pull access denied", "failed to resolve", "manifest for "],
            "is service: baseImage: in the inventory right, and does its registry (mirrors: registries:) have it?"
        ),
        (
            ["server gave HTTP response to HTTPS client"],
            """
            that registry speaks plain HTTP: name it with http:// in the inventory (mirrors: registries:), and run \
            `kubeforge provision`
            """
        ),
        (
            ["registry-1.docker.io", "auth.docker.io"],
            """
            neither the mirror of docker.io nor docker.io itself gave the base image: is service: baseImage: in the \
            inventory right, and does the mirror (mirrors: registries:) have it?
            """
        ),
        (
            [
                "Temporary failure in name resolution", "Connection refused", "connection refused", "timed out",
                "i/o timeout",
                "no such host",
                "Network is unreachable",
            ],
            """
            HOST cannot reach a registry or the Python index: check its network, or name mirrors in the inventory \
            (mirrors: registries:, python:)
            """
        ),
    ]
}

/// A line of BuildKit's plain progress: `#12 5.123 text` is what step 12 printed after 5.123 s. When a step fails,
/// BuildKit repeats what it printed and shows the place in the Dockerfile between lines of dashes; its own last word
/// begins with `ERROR: failed to solve:`.
enum BuildKitLine {
    /// Whether only BuildKit prints it.
    static func isSign(_ line: String) -> Bool { line.hasPrefix("#1 ") || line.contains("failed to solve") }

    /// What it tells a person, without step and time; nil when it tells of progress or repeats the Dockerfile.
    static func told(_ line: String) -> String? {
        if line.allSatisfy({ $0 == "-" }) || line.contains(/^Dockerfile:[0-9]+$|^[0-9]+ \|( |$)|^> \[/) { return nil }
        let text = line.replacing(/^(#[0-9]+ )?([0-9]+\.[0-9]+ )?/, with: "")
        let progress =
            #/
            ^(DONE|CACHED)\b|^\[.*\]
            |^(building\ with|transferring|resolve|extracting|exporting|writing|naming|unpacking|sha256:|\.\.\.)
            /#
        return text.isEmpty || line.hasPrefix("#") && text.contains(progress) ? nil : text
    }
}
