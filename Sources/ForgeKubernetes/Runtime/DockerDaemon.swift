import ForgeCore
import ForgeInventory
import ForgePlan

/// /etc/docker/daemon.json has what Kubernetes and the mirrors need; all else in it is its owner's, and stays as it is.
struct DockerDaemon: Step {
    let cluster: Cluster

    static let path = "/etc/docker/daemon.json"

    var title: String { "Docker Engine is configured" }

    var questions: [Question] { [.contents(Self.path), .file(Self.path)] }

    func differences(given answers: Answers) -> [Difference] {
        guard let text = answers.text(Self.path) else { return ["\(Self.path) is missing"] }
        guard let now = JSONMembers(text) else { return ["\(Self.path) is not a JSON object"] }
        let new = merged(into: now)
        let keys = new.members.filter { now[$0.key] != $0.value }.map { member in
            Difference("\(member.key) in \(Self.path)", from: now[member.key] ?? "not set", to: member.value)
        }
        return keys + modeDifference(answers)
    }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let faults = Self.unreadable.differences(given: answers)
        guard faults.isEmpty, let now = JSONMembers(answers.text(Self.path) ?? "") else {
            throw Self.unreadable.finding(faults, on: machine.host)
        }
        try await machine.write(RemoteFile(Self.path, merged(into: now).text, mode: Self.mode(answers)))
    }

    static let unreadable = DockerDaemonIsReadable()

    /// Whoever may write the file is root by way of Docker. A group that its owner has given it stays.
    private func modeDifference(_ answers: Answers) -> [Difference] {
        guard let now = answers.mode(Self.path), now != Self.mode(answers) else { return [] }
        func octal(_ mode: UInt16) -> String { "0" + String(mode, radix: 8) }
        return [Difference("mode of \(Self.path)", from: octal(now), to: octal(Self.mode(answers)))]
    }

    private static func mode(_ answers: Answers) -> UInt16 { (answers.mode(path) ?? 0o644) & ~0o002 }

    /// Lists get what is missing; a value of somebody else is replaced only where the cluster would not work with it.
    func merged(into now: JSONMembers) -> JSONMembers {
        var new = now
        let driver = "native.cgroupdriver="
        let others = now.list("exec-opts") ?? []
        // Two managers of cgroups on one machine starve each other, so the kubelet's is everybody's.
        if others.filter({ $0.hasPrefix(driver) }) != [driver + "systemd"] {
            new["exec-opts"] = JSONMembers.json(others.filter { !$0.hasPrefix(driver) } + [driver + "systemd"])
        }
        keepLogs(&new)
        // Docker mirrors docker.io alone; for the others images are pulled from the mirror and tagged.
        add(cluster.mirrors.registries["docker.io"].map { [$0] } ?? [], to: "registry-mirrors", in: &new)
        let plain = Set(cluster.mirrors.registries.values.filter { $0.hasPrefix("http://") }.map(RegistryMirrors.host))
            .sorted()
        add(plain, to: "insecure-registries", in: &new)
        return new
    }

    /// `kubectl logs` reads Docker's json files; Docker that only builds may log as it likes. Unlimited logs fill the
    /// disk.
    private func keepLogs(_ new: inout JSONMembers) {
        let driver = new.string("log-driver")
        let mustBeFiles = cluster.runtime == .docker && driver != nil && driver != "json-file"
        guard mustBeFiles || (driver == nil && new["log-opts"] == nil) else { return }
        new["log-driver"] = JSONMembers.json("json-file")
        new["log-opts"] = #"{"max-file": "3", "max-size": "50m"}"#
    }

    private func add(_ values: [String], to key: String, in new: inout JSONMembers) {
        let there = new.list(key) ?? []
        let missing = values.filter { !there.contains($0) }
        if !missing.isEmpty { new[key] = JSONMembers.json(missing + there) }
    }
}

/// Docker's daemon.json can be merged into: told before anything is changed. dockerd does not start with what is no
/// JSON object, and a link would be replaced by a file.
struct DockerDaemonIsReadable: PreflightCheck {
    private let path = DockerDaemon.path

    var title: String { "its \(path), if it has one, can be read" }

    var questions: [Question] { [.contents(path), .file(path)] }

    func differences(given answers: Answers) -> [Difference] {
        switch answers.file(path)?.kind {
        case .symlink: return [Self.isLink]
        case .directory, .other: return ["it is not a file, and dockerd would not start with it"]
        case .regular, nil: break
        }
        guard let bytes = answers.contents(path) else { return [] }
        let text = String(decoding: bytes, as: UTF8.self)
        if Array(text.utf8) != bytes { return ["it is not UTF-8, and would be changed when written back"] }
        if JSONMembers(text) != nil { return [] }
        return ["it is not a JSON object, and dockerd would not start with it"]
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        let fix =
            differences == [Self.isLink]
            ? """
            put the file itself in its place: `sudo cp --remove-destination -- "$(readlink -f \(path))" \(path)` on \
            \(host.name); or move the link away
            """
            : "correct it (`python3 -m json.tool \(path)` shows the place), or move it away"
        return Problem(
            what: "\(host.name): requirement not met: \(title)", why: differences.map(\.text).joined(separator: "\n"),
            fix: fix)
    }

    private static let isLink: Difference = "it is a symbolic link: it would be replaced by a file"
}
