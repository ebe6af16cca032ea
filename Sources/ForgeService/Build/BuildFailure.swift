import ForgeCore
import ForgePlan

/// Why an image could not be built, out of what Docker and the programs in the build printed.
struct BuildFailure {
    let release: Release
    let command: Command
    let output: Output
    let host: Host

    var problem: Problem {
        var problem = Problem(failed: command, on: host, output, fix: fix)
        problem.why = lastLines.joined(separator: "\n")
        return problem
    }

    private var lines: [String] {
        (output.text + "\n" + output.errorText).split(whereSeparator: \.isNewline).map { $0.trimming(while: \.isWhitespace) }.filter {
            !$0.isEmpty
        }
    }

    private var lastLines: ArraySlice<String> { lines.suffix(12) }

    /// The complaints that people meet, newest tools and oldest, each with what helps.
    private var fix: String {
        let text = lines.suffix(60).joined(separator: "\n")
        func says(_ signs: String...) -> Bool { signs.contains { text.contains($0) } }
        if says("no space left on device") { return "make room on \(host.name): `docker system prune`, `df -h /var/lib/docker`" }
        if says("Cannot connect to the Docker daemon") {
            return "start Docker on \(host.name): `systemctl status docker` says why it does not run"
        }
        if says("No matching distribution", "Could not find a version that satisfies") {
            return
                "the Python index lacks a package of requirements.txt for this Python: name a complete one in the inventory (mirrors: python:)"
        }
        if says("train.py", "generate_data.py") && says("data/") {
            return "correct the CSV files that service: data: names; the line above says which and where"
        }
        if says("manifest unknown", "pull access denied", "failed to resolve", "not found: manifest", "manifest for ") {
            return "is service: baseImage: in the inventory right, and does its registry (mirrors: registries:) have it?"
        }
        if says("server gave HTTP response to HTTPS client") {
            return
                "that registry speaks plain HTTP: name it with http:// in the inventory (mirrors: registries:), and run `kubeforge provision`"
        }
        if says(
            "Temporary failure in name resolution", "Connection refused", "connection refused", "timed out", "i/o timeout", "no such host",
            "Network is unreachable")
        {
            return
                "\(host.name) cannot reach a registry or the Python index: check its network, or name mirrors in the inventory (mirrors: registries:, python:)"
        }
        return "try it by hand on \(host.name): `sudo docker build \(Places.context(release.tag))`"
    }
}
