import ForgeCore
import ForgeInventory
import ForgePlan

/// What a machine has of Docker already and would lose: told before anything is changed. apt is never allowed to remove
/// a package.
struct ExistingDocker {
    let cluster: Cluster
    /// The packages that every host gets, besides Docker's.
    let tools: [String]

    func steps(for host: Host, _ facts: Facts) throws(Problem) -> [any Step] {
        let names = DockerPackages(cluster: cluster).names(for: host, facts.distribution)
        let engine = host.role == .controlPlane || cluster.runtime == .docker
        let docker = cluster.docker == .docker ? [try DockerPackages(cluster: cluster).repository(facts).conflicts] : []
        return [
            PackagesInTheWay(
                lists: [tools, names], source: cluster.docker, manager: facts.distribution.packageManager),
            ContainerdIsNewEnough(cluster: cluster, distribution: facts.distribution).step,
        ] + docker + [try KubernetesPackages(cluster: cluster).repository(facts).conflicts]
            + when(engine, DockerDaemon.unreadable, OtherContainers(restarts: ContainerRuntime.engine(cluster)))
    }
}

/// Nothing that is installed would have to go for what kubeforge installs: apt itself is asked, and what no package
/// declares is known.
struct PackagesInTheWay: PreflightCheck {
    /// Each is installed by one call of apt.
    let lists: [[String]]
    let source: Cluster.DockerSource
    let manager: PackageManager

    var title: String { "nothing that is installed would have to be removed" }

    var questions: [Question] { [.command(look), .command(OtherContainers.look)] }

    func differences(given answers: Answers) -> [Difference] {
        let packages = answers.command(look).text.split(separator: "\n")
        let containers = answers.command(OtherContainers.look).text.split(separator: "\n")
        if packages.isEmpty { return [] }
        return packages.map { "\($0) is installed, and would be removed" } + containers.map { "Docker runs \($0)" }
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        let names = differences.compactMap { difference in
            difference.text.firstRange(of: " is installed, and").map { String(difference.text[..<$0.lowerBound]) }
        }
        let other = source == .docker ? "distribution" : "docker"
        return Problem(
            what: "\(host.name): requirement not met: \(title)", why: differences.map(\.text).joined(separator: "\n"),
            fix:
                """
                to keep the Docker that is there, write `docker: \(other)` in the inventory; or remove it by hand: \
                `sudo apt-get remove \(names.joined(separator: " "))` (its containers stop; images and volumes stay in \
                /var/lib/docker), and run again
                """
        )
    }

    private var look: String { "{\n" + lists.map(look).joined(separator: "\n") + "\n} | sort -u" }

    /// By hand where apt does not know the packages yet (their repository comes later), and for files that two packages
    /// have without saying so: docker-buildx and docker-buildx-plugin. Nothing where all are installed.
    private func look(_ names: [String]) -> String {
        let (known, files) = Self.rivals(of: names)
        return """
            if [ "$(\(manager.installedLook(names)) | wc -l)" != \(names.count) ]; then
            \(manager.installedLook(files)); { \(manager.removalsLook(names)); } || \(manager.installedLook(known))
            fi
            """
    }

    /// From the packages' own Conflicts, of Docker's (2026), Debian's and Ubuntu's.
    private static func rivals(of names: [String]) -> (known: [String], files: [String]) {
        let table: [String: [String]] = [
            "containerd.io": ["containerd", "runc", "docker.io"], "docker-ce": ["docker.io"],
            "docker-ce-cli": ["docker.io", "docker-cli", "podman-docker"],
            "docker-buildx-plugin": ["docker-buildx"], "containerd": ["containerd.io", "docker-ce"],
            "docker.io": ["docker-ce", "docker-ce-cli", "docker-ce-rootless-extras", "podman-docker"],
            "docker-cli": ["docker-ce-cli", "podman-docker"],
            "docker-buildx": ["docker-buildx-plugin"],
        ]
        let files =
            names.contains("docker-buildx")
            ? ["docker-buildx-plugin"] : names.contains("docker-buildx-plugin") ? ["docker-buildx"] : []
        return (names.flatMap { table[$0] ?? [] }.uniqued(), files)
    }
}

/// Docker is not restarted over containers that are not Kubernetes'.
struct OtherContainers: PreflightCheck {
    /// Docker's configuration, its drop-ins and its unit: what is not so yet restarts it.
    let restarts: [any Step]

    var title: String { "no other container is stopped" }

    var questions: [Question] { restarts.flatMap(\.questions) + [.command(Self.look)] }

    func differences(given answers: Answers) -> [Difference] {
        let answer = answers.command(Self.look)
        let names = answer.text.split(separator: "\n")
        let now = JSONMembers(answers.text(DockerDaemon.path) ?? "")
        guard let now, now["live-restore"] != "true", answer.exitCode != 0 || !names.isEmpty else { return [] }
        let changes = restarts.flatMap { $0.differences(given: answers) }
        let running =
            answer.exitCode == 0
            ? names.map { Difference("Docker runs \($0)") }
            : [Difference("`docker ps` could not say which containers run: \(names.last ?? "it took too long")")]
        return changes.isEmpty ? [] : running + ["and would be restarted for these changes: "] + changes
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): requirement not met: \(title)", why: differences.map(\.text).joined(separator: "\n"),
            fix:
                """
                stop them (`sudo docker stop NAME`), or let Docker keep them while it restarts: \"live-restore\": true \
                in \(DockerDaemon.path), then `sudo systemctl reload docker`; and run again
                """)
    }

    /// Docker that does not run is not started by the question, and one that runs and does not answer has not said that
    /// it runs nothing.
    static let look =
        """
        pid=$(cat /run/docker.pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null || exit 0
        names=$(docker ps --format '{{.Names}}' 2>&1) || { printf '%s\\n' "$names"; exit 1; }
        printf '%s\\n' "$names" | grep -v -e '^k8s_' -e '^$' || true
        """
}

/// From Kubernetes 1.38 on the kubelet asks the runtime for its manager of cgroups, which containerd 1.x cannot say
/// (kubernetes/kubernetes#136731; 1.34 to 1.37 warn).
struct ContainerdIsNewEnough {
    let cluster: Cluster
    let distribution: Distribution

    var step: any Step {
        let package = DockerPackages(cluster: cluster).containerdPackage
        let (isNeeded, shipped) = (
            cluster.kubernetes.isAtLeast(1, 38) && cluster.docker == .distribution, Self.shipped[distribution.codename]
        )
        return Requirement(
            "its containerd is new enough for Kubernetes \(cluster.kubernetes)", asking: [.package(package)],
            fix:
                """
                Kubernetes \(cluster.kubernetes) needs containerd 2: write `docker: docker` in the inventory, for \
                Docker's own packages
                """
        ) { answers in
            guard isNeeded, let version = answers.package(package).installed ?? shipped, version.hasPrefix("1.") else {
                return []
            }
            return ["\(distribution.name) has containerd \(version)"]
        }
    }

    /// The newest of each release, updates included.
    private static let shipped = ["bookworm": "1.6.20", "trixie": "1.7.24", "jammy": "1.7", "noble": "1.7"]
}
