import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTemplates
import ForgeTestSupport

@testable import ForgeKubernetes

/// Clusters, machines and answers as tests need them.
enum Example {
    static let access = ForgeCore.Host.Access(user: "ubuntu", keyPath: "/key", knownHostsPath: "/known_hosts")
    static let master = ForgeCore.Host(
        name: "kubmaster", address: IPv4Address("10.77.0.11")!, role: .controlPlane, isSchedulable: false,
        access: access)
    static let node = ForgeCore.Host(
        name: "kubnode", address: IPv4Address("10.77.0.12")!, role: .worker, isSchedulable: true, access: access)
    static let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n…\n"

    static func cluster(_ version: String = "1.20.2", _ change: (inout Cluster) -> Void = { _ in }) -> Cluster {
        var cluster = Cluster(
            name: "lab", path: "inventory/lab.yaml", kubernetes: Version(version)!, hosts: [master, node])
        change(&cluster)
        return cluster
    }

    static func facts(_ machineID: String = "1", _ change: (inout Facts) -> Void = { _ in }) -> Facts {
        var facts = Facts(
            distribution: Distribution(id: "debian", version: "12", codename: "bookworm"), architecture: "amd64",
            isContainer: false, hasCgroup2: true, cores: 2, memoryMiB: 4096, freeDiskMiB: 20_000,
            machineID: machineID, clock: 0, home: "/home/ubuntu", group: "ubuntu")
        change(&facts)
        return facts
    }

    static var templates: Templates { get throws { try Templates() } }

    /// The pod network of the cluster.
    static func cni(_ cluster: Cluster = Self.cluster()) -> CNI {
        do { return try CNI(cluster, templates) } catch { fatalError("\(error)") }
    }

    static func plan(_ cluster: Cluster, facts: [String: Facts]? = nil) throws -> Plan {
        let known = facts ?? ["kubmaster": Self.facts("1"), "kubnode": Self.facts("2")]
        return try ClusterPlan(
            cluster: cluster, facts: known, templates: templates, operatorKubeconfig: "/home/me/.kube/config"
        ).make()
    }

    /// A machine that answers every look with these frames, and every command with `reply`.
    static func machine(
        _ host: ForgeCore.Host = node, answering output: String = "",
        _ reply: @escaping @Sendable (Command) -> Output? = { _ in Output() }
    ) -> (Machine, ScriptedTransport) {
        let transport = ScriptedTransport { command in command.isLook ? Output(output) : reply(command) }
        return (Machine(host: host, transport: transport), transport)
    }

    /// The same, for a worker that asks something of another machine.
    static func machine(answering output: String = "", peers: @escaping @Sendable (String) async throws -> Machine) -> (
        Machine, ScriptedTransport
    ) {
        let transport = ScriptedTransport { command in Output(command.isLook ? output : "") }
        return (Machine(host: node, transport: transport, peers: peers), transport)
    }
}

extension Command {
    /// Whether it is the script of questions.
    var isLook: Bool { line == "sh -s" && inputText.contains("frame()") }
}

extension ScriptedTransport {
    /// What was run, but for questions: as lines.
    var changes: [String] { commands.filter { !$0.isLook }.map(\.line) }
}

extension Question {
    /// The line of shell, where it is a command.
    var shell: String? { if case .command(let line) = self { line } else { nil } }
}

extension Step {
    func texts(_ answers: [Question: Answer]) -> [String] { differences(given: Answers(answers)).map(\.text) }

    /// The texts when its only command question is answered so.
    func texts(command output: String, exitCode: Int = 0) -> [String] {
        let command = CommandState(exitCode: exitCode, text: output)
        let answers = questions.compactMap { question in
            if case .command = question { (question, Answer.command(command)) } else { nil }
        }
        return texts(Dictionary(uniqueKeysWithValues: answers))
    }
}

/// One answer in the question script's framing.
func frame(_ text: String, code: Int = 0) -> String { "\(code) \(text.utf8.count)\n\(text)\n" }
