import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("A machine that has Docker already")
struct ExistingDockerTests {
    private func step(_ names: [String] = ["containerd.io", "docker-ce"], _ source: Cluster.DockerSource = .docker)
        -> PackagesInTheWay
    {
        PackagesInTheWay(lists: [names], source: source, manager: .apt)
    }

    /// What the look prints beside these programs.
    private func look(installed: [String], apt: String, _ step: PackagesInTheWay, shell: String) async throws
        -> [String]
    {
        try await TemporaryDirectory.during { directory in
            let query = """
                #!/bin/sh
                for name; do case " \(installed.joined(separator: " ")) " in *" $name "*) echo "ii  $name";; esac; done
                """
            try directory.write("dpkg-query", query, mode: 0o755)
            try directory.write("apt-get", "#!/bin/sh\n\(apt)\n", mode: 0o755)
            let answers = try await LocalTransport(shell: shell, programs: directory.path).ask(
                step.questions, of: Example.node)
            return step.differences(given: answers).map(\.text)
        }
    }

    @Test("is told what apt would remove, as apt says it", arguments: ["dash", "bash"])
    func simulated(shell: String) async throws {
        let apt =
            """
            echo 'Remv docker.io [20.10.24]'; echo 'Remv runc [1.1.5] [docker.io:amd64 ]'; echo 'Inst containerd.io \
            (2.2.1-1)'
            """
        #expect(
            try await look(installed: ["docker.io", "runc"], apt: apt, step(), shell: shell) == [
                "docker.io is installed, and would be removed", "runc is installed, and would be removed",
            ])
        #expect(try await look(installed: [], apt: "echo 'Inst containerd.io (2.2.1-1)'", step(), shell: shell) == [])
    }

    @Test("is told so before apt knows the packages, too: their repository comes later", arguments: ["dash", "bash"])
    func unknown(shell: String) async throws {
        let apt = "echo 'E: Unable to locate package containerd.io' >&2; exit 100"
        #expect(
            try await look(installed: ["docker.io", "containerd", "runc", "vim"], apt: apt, step(), shell: shell) == [
                "containerd is installed, and would be removed", "docker.io is installed, and would be removed",
                "runc is installed, and would be removed",
            ])
        #expect(try await look(installed: ["vim"], apt: apt, step(), shell: shell) == [])
        #expect(
            try await look(
                installed: ["docker-ce"], apt: apt, step(["containerd", "docker.io"], .distribution), shell: shell) == [
                    "docker-ce is installed, and would be removed"
                ])
    }

    @Test("is told of two packages with one file, which say nothing of each other", arguments: ["dash", "bash"])
    func files(shell: String) async throws {
        let found = try await look(
            installed: ["docker-buildx"], apt: "echo 'Inst docker-buildx-plugin (0.30)'",
            step(["docker-buildx-plugin"]), shell: shell)
        #expect(found == ["docker-buildx is installed, and would be removed"])
    }

    @Test("is not asked further where all packages are there", arguments: ["dash", "bash"])
    func installed(shell: String) async throws {
        let found = try await look(
            installed: ["containerd.io", "docker-ce"], apt: "echo 'Remv x [1]'", step(), shell: shell)
        #expect(found == [])
    }

    @Test("may keep it, or remove it by hand")
    func finding() {
        let step = step()
        let said = ["docker.io\nrunc", "web"].map { Answer.command(CommandState(text: $0)) }
        let differences = step.differences(given: Answers([step.questions[0]: said[0], step.questions[1]: said[1]]))
        #expect(
            step.finding(differences, on: Example.node)
                == Problem(
                    what: "kubnode: requirement not met: nothing that is installed would have to be removed",
                    why: """
                        docker.io is installed, and would be removed
                        runc is installed, and would be removed
                        Docker runs web
                        """,
                    fix:
                        """
                        to keep the Docker that is there, write `docker: distribution` in the inventory; or remove it \
                        by hand: `sudo apt-get remove docker.io runc` (its containers stop; images and volumes stay in \
                        /var/lib/docker), and run again
                        """
                ))
    }

    @Test("keeps its containers: Docker is not restarted over those that are not Kubernetes'")
    func containers() throws {
        let step = OtherContainers(restarts: [DockerDaemon(cluster: Example.cluster())])
        let look = try #require(step.questions.last)
        func texts(_ daemon: String?, _ names: String, exit: Int = 0) -> [String] {
            step.texts([
                .contents(DockerDaemon.path): .contents(daemon.map { Array($0.utf8) }),
                look: .command(CommandState(exitCode: exit, text: names)),
            ])
        }
        #expect(
            texts("{\"log-opts\": {}}", "web\ndb") == [
                "Docker runs web", "Docker runs db", "and would be restarted for these changes: ",
                "exec-opts in /etc/docker/daemon.json: not set → [\"native.cgroupdriver=systemd\"]",
            ])
        #expect(texts("{\"log-opts\": {}, \"live-restore\": true}", "web") == [], "Docker keeps them")
        #expect(texts(nil, "") == [])
        #expect(
            texts("{\"log-opts\": {}}", "Cannot connect to the Docker daemon\n", exit: 1).prefix(2) == [
                "`docker ps` could not say which containers run: Cannot connect to the Docker daemon",
                "and would be restarted for these changes: ",
            ], "what does not answer has not said that it runs nothing")
        #expect(
            texts("{\"log-opts\": {}}", "", exit: 124).first
                == "`docker ps` could not say which containers run: it took too long")
        let settled = DockerDaemon(cluster: Example.cluster()).merged(into: JSONMembers()).text
        #expect(texts(settled, "web") == [], "nothing is restarted")
        #expect(texts(settled, "", exit: 1) == [], "nothing is restarted")
    }

    @Test(
        """
        is asked for all that would restart Docker: its settings, its drop-ins, and files that are newer than its start
        """
    )
    func restarts() throws {
        let own = try #require(
            try ExistingDocker(cluster: Example.cluster(), tools: []).steps(for: Example.master, Example.facts())
                .compactMap {
                    $0 as? OtherContainers
                }
                .first)
        #expect(
            own.restarts.map(\.title) == [
                "Docker Engine is configured", "docker.service has no kubeforge proxy",
                "Docker Engine runs with its configuration",
            ])
    }

    @Test(
        """
        is asked for its containers only where it runs, Kubernetes' own do not count, and no answer is not "none"
        """, arguments: ["dash", "bash"])
    func names(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("docker", "#!/bin/sh\nprintf '%s\\n' k8s_POD_etcd web k8s_etcd db\n", mode: 0o755)
            let look = OtherContainers.look.replacing("/run/docker.pid", with: directory.path("docker.pid"))
            func asked() async throws -> String {
                let output = try await LocalTransport(shell: shell, programs: directory.path)
                    .run(Command("sh", "-c", Word(look))) { _ in }
                return "\(output.isSuccess ? "" : "failed: ")\(output.text)"
            }
            #expect(try await asked() == "")
            try directory.write("docker.pid", "4194305")
            #expect(try await asked() == "", "the program of that number is gone: no Linux has one so high")
            try directory.write("docker.pid", "\(ProcessInfo.processInfo.processIdentifier)")
            #expect(try await asked() == "web\ndb\n")
            try directory.write("docker", "#!/bin/sh\nprintf '%s\\n' k8s_POD_etcd\n", mode: 0o755)
            #expect(try await asked() == "")
            try directory.write("docker", "#!/bin/sh\necho Cannot connect >&2\nexit 1\n", mode: 0o755)
            #expect(try await asked() == "failed: Cannot connect\n")
        }
    }

    /// kubernetes/kubernetes#139121 moved the end of the fallback from 1.37 to 1.38.
    @Test(
        "with a distribution's containerd 1 fits up to Kubernetes 1.37, and not after",
        arguments: ["bookworm", "trixie", "jammy", "noble"])
    func containerd(codename: String) throws {
        let distribution = try #require(Distribution.all.first { $0.codename == codename })
        func texts(_ version: String, _ source: Cluster.DockerSource, installed: String? = nil) -> [String] {
            let cluster = Example.cluster(version) { $0.docker = source }
            let step = ContainerdIsNewEnough(cluster: cluster, distribution: distribution).step
            return step.texts([step.questions[0]: .package(PackageState(installed: installed))])
        }
        #expect(texts("1.38.0", .distribution).first?.hasPrefix("\(distribution.name) has containerd 1.") == true)
        #expect(texts("1.38.0", .distribution, installed: "2.1.9-1") == [])
        #expect(texts("1.38.0", .docker) == [])
        #expect(texts("1.37.0", .distribution) == [])
    }
}
