import ForgeTestSupport
import Foundation
import Testing

/// A lab of a suite's own: two machines on a /24, with a state directory and a kubeconfig that are nobody else's.
final class TestLab: Sendable {
    static let current = TaskLocal<TestLab?>(wrappedValue: nil)

    let directory: URL
    let inventory: Inventory

    convenience init(
        cluster: String, network: String, hasOwnData: Bool, distributions: [String: String], profile: String = "cloud"
    ) throws {
        try self.init(cluster: cluster, network: network) { inventory in
            inventory.distributions = distributions
            inventory.profile = profile
            if hasOwnData { inventory.service = try OwnData.write(to: inventory.directory) }
        }
    }

    /// `describe` says what is different from two machines of systemd-nspawn.
    init(cluster: String, network: String, describe: (inout Inventory) throws -> Void) throws {
        directory = FileManager.default.temporaryDirectory.appending(
            path: "\(cluster)-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var inventory = Inventory(directory: directory, network: network, cluster: cluster)
        try describe(&inventory)
        self.inventory = inventory
        try inventory.write()
    }

    /// Runs the program that `swift build` made, as a user would, and gives back all that it said.
    func kubeforge(_ arguments: String...) async throws -> Finished { try await kubeforge(arguments) }

    func kubeforge(_ arguments: [String]) async throws -> Finished {
        try await Program(path: Self.program, arguments: arguments, environment: environment).run()
    }

    /// Starts the program and ends it with Ctrl-C as soon as it prints the text.
    func kubeforge(_ arguments: String..., interruptedAt text: String) async throws -> Finished {
        try await Program(path: Self.program, arguments: arguments, environment: environment).signalled(
            SIGINT, whenItPrints: text)
    }

    /// Runs a line of shell on a machine, over OpenSSH: what kubeforge did is looked at with other eyes than its own.
    func ssh(_ machine: String, _ line: String) async throws -> Finished {
        let options = [
            "-i", inventory.key, "-o", "UserKnownHostsFile=\(inventory.knownHosts)", "-o", "BatchMode=yes", "-o",
            "LogLevel=ERROR",
            // A machine that has gone must not hold a test for ever.
            "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=10",
        ]
        return try await Program(
            path: "/usr/bin/ssh", arguments: options + ["ubuntu@\(inventory.address(of: machine))", line],
            environment: environment
        ).run()
    }

    /// Runs a line of shell on this computer as root: by sudo where the tests are another user's.
    func asRoot(_ line: String) async throws -> Finished {
        let sudo = geteuid() == 0 ? [] : ["sudo", "-n"]
        let words = sudo + ["env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", line]
        return try await Program(path: "/usr/bin/env", arguments: words, environment: environment).run()
    }

    /// Kills all that runs in the machine and what runs it, as a power cut would: nothing in it hears of it.
    func killMachine(_ machine: String) async throws {
        let groups = "kubeforge.\(inventory.cluster).\(machine)"
        let all =
            """
            find /sys/fs/cgroup \\( -path '*/\(groups)/*' -o -path '*/\(groups).*/*' \\) -name cgroup.procs -exec cat \
            {} + 2>/dev/null | sort -u
            """
        let killed = try await asRoot("for pid in $(\(all)); do kill -9 $pid 2>/dev/null && echo $pid; done; true")
        #expect(killed.exitCode == 0 && !killed.output.isEmpty, "\(killed.everything)")
    }

    /// Kills systemd-nspawn alone: what runs in the machine goes on, and nobody could reboot it.
    func killSupervisor(_ machine: String) async throws {
        let name = "kubeforge.\(inventory.cluster).\(machine)"
        let supervisor = try await asRoot(
            """
            for pid in /proc/[0-9]*; do tr '\\0' ' ' < $pid/cmdline 2>/dev/null | grep -q '^systemd-nspawn \
            .*--machine=\(name) ' && echo ${pid#/proc/}; done; true
            """
        )
        let process = try #require(
            Int32(supervisor.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(supervisor.everything)")
        #expect(try await asRoot("kill -9 \(process)").exitCode == 0)
    }

    /// A directory below its own.
    func directory(_ name: String) -> URL { directory.appending(path: name, directoryHint: .isDirectory) }

    func curl(_ url: String) async throws -> Finished {
        try await Program(path: "/usr/bin/curl", arguments: ["-sS", "--max-time", "20", url], environment: environment)
            .run()
    }

    /// Runs a Python program on this computer.
    func python(_ program: String, _ arguments: String...) async throws -> Finished {
        try await Program(path: "/usr/bin/python3", arguments: ["-c", program] + arguments, environment: environment)
            .run()
    }

    var environment: [String: String] {
        var values = ProcessInfo.processInfo.environment
        values["XDG_STATE_HOME"] = directory.appending(path: "state").path()
        values["KUBECONFIG"] = directory.appending(path: "kubeconfig").path()
        values["KUBEFORGE_INVENTORY"] = nil
        return values
    }

    static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let isWanted = ProcessInfo.processInfo.environment["KUBEFORGE_WITHOUT_LAB"] == nil

    /// Beside the test program, where SwiftPM puts every product.
    static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
        path: "kubeforge"
    ).path()
}

/// The lab is up, with what else the verbs make, while the tests of the suite run, and gone afterwards, however they
/// ended.
struct LabTrait: SuiteTrait, TestScoping {
    let cluster: String
    let network: String
    let hasOwnData: Bool
    let distributions: [String: String]
    let verbs: [String]

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let lab = try TestLab(cluster: cluster, network: network, hasOwnData: hasOwnData, distributions: distributions)
        do {
            let up = try await lab.kubeforge("lab", "up", lab.inventory.path)
            try #require(up.exitCode == 0, "lab up: \(up.everything)")
            for verb in verbs {
                let run = try await lab.kubeforge(verb, lab.inventory.path)
                try #require(run.exitCode == 0, "\(verb): \(run.everything)")
            }
            try await TestLab.current.withValue(lab) { try await function() }
        } catch {
            _ = try await lab.kubeforge("lab", "down", lab.inventory.path)
            throw error
        }
        let down = try await lab.kubeforge("lab", "down", lab.inventory.path)
        #expect(down.exitCode == 0, "lab down: \(down.everything)")
        try FileManager.default.removeItem(at: lab.directory)
    }
}

extension Trait where Self == LabTrait {
    /// `network`: the first three numbers of its addresses. `hasOwnData`: its models are those of `OwnData`, not of
    /// generated data.
    /// `distributions`: what the machines are, by name; never one only. `verbs`: what every test of the suite stands
    /// on.
    static func lab(
        _ cluster: String, _ network: String, hasOwnData: Bool = false, _ distributions: [String: String],
        after verbs: String...
    ) -> LabTrait {
        LabTrait(cluster: cluster, network: network, hasOwnData: hasOwnData, distributions: distributions, verbs: verbs)
    }
}

/// The inventory of a lab of the tests, with the few lines that a test may change.
struct Inventory: Sendable {
    let directory: URL
    /// The first three numbers of its addresses: `10.78.0`.
    let network: String
    var cluster: String
    var kubernetes = "1.20.2"
    var hosts: [(name: String, address: String, role: String)]
    var service: [String] = []
    /// Several, instead of it, each in braces.
    var services: [String] = []
    /// Whether the service's image takes packages of Debian from the lab's archive.
    var hasDebianMirror = false
    /// What the lab installs on the machines, by name.
    var distributions: [String: String] = [:]
    /// `cloud`, with the habits of clouds, or `bare`.
    var profile = "cloud"
    /// What runs the machines: `nspawn` or `vm`.
    var driver = "nspawn"
    private let lab: String

    init(directory: URL, network: String, cluster: String) {
        self.directory = directory
        self.network = network
        self.cluster = cluster
        lab = cluster
        hosts = [("kubmaster", "\(network).11", "control-plane"), ("kubnode", "\(network).12", "worker")]
    }

    var path: String { directory.appending(path: "inventory.yaml").path() }
    var key: String { cache + "/ssh/id_ed25519" }
    var knownHosts: String { cache + "/run/\(lab)/known_hosts" }

    func address(of machine: String) -> String { hosts.first { $0.name == machine }!.address }

    func write(to other: String? = nil) throws {
        try text.write(toFile: other ?? path, atomically: true, encoding: .utf8)
    }

    /// The operator's.
    var cache: String {
        let environment = ProcessInfo.processInfo.environment
        return (environment["KUBEFORGE_CACHE"] ?? NSHomeDirectory() + "/.cache/kubeforge") + "/lab"
    }

    private var served: String {
        let lines =
            services.isEmpty
            ? ["service:", "  nodePort: 30080"] + service.map { "  \($0)" }
            : ["services:"] + services.map { "  - \($0)" }
        return lines.joined(separator: "\n")
    }

    private var text: String {
        """
        cluster: \(cluster)
        kubernetes: \(kubernetes)
        hosts:
        \(hosts.map { "  - { name: \($0.name), address: \($0.address), role: \($0.role) }" }.joined(separator: "\n"))
        ssh:
          user: ubuntu
          key: \(key)
          knownHosts: \(knownHosts)
        mirrors:
          apt:
            docker: { url: "http://\(network).1:8000/linux/<distribution>", key: \(cache)/apt/key.asc }
            kubernetes: { url: "http://\(network).1:8000/core:/stable:", key: \(cache)/apt/key.asc }
        \(hasDebianMirror ? "    debian: { url: \"http://\(network).1:8000/debian\", key: \(cache)/apt/key.asc }" : "")
          registries:
            docker.io: http://\(network).1:5000
            registry.k8s.io: http://\(network).1:5000
            ghcr.io: http://\(network).1:5000
          python: http://\(network).1:8000/simple
        \(served)
        lab:
          driver: \(driver)
          profile: \(profile)
          hosts:
        \(distributions.sorted { $0.key < $1.key }.map { "    \($0): { distribution: \($1) }" }.joined(separator: "\n"))

        """
    }
}
