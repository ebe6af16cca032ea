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
        return new.members.filter { now[$0.key] != $0.value }.map { member in
            Difference("\(member.key) in \(Self.path)", from: now[member.key] ?? "not set", to: member.value)
        }
    }

    func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        let text = answers.text(Self.path)
        guard let now = JSONMembers(text ?? "") else {
            throw Self.unreadable.finding(Self.unreadable.differences(given: answers), on: machine.host)
        }
        let mode = answers.file(Self.path)?.mode ?? 0o644
        try await machine.write(RemoteFile(Self.path, merged(into: now).text, mode: mode))
    }

    /// Told before anything is changed: dockerd does not start with such a file, and nothing can be merged into it.
    static var unreadable: Requirement {
        Requirement(
            "its \(path), if it has one, can be read", asking: [.contents(path)],
            fix: "correct it (`python3 -m json.tool \(path)` shows the place), or move it away"
        ) { answers in
            guard let bytes = answers.contents(path) else { return [] }
            let text = String(decoding: bytes, as: UTF8.self)
            if Array(text.utf8) != bytes { return ["it is not UTF-8, and would be changed when written back"] }
            if JSONMembers(text) != nil { return [] }
            return ["it is not a JSON object, and dockerd would not start with it"]
        }
    }

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
