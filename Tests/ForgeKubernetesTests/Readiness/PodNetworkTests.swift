import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeKubernetes

@Suite("The way between nodes through the pod network")
struct PodNetworkTests {
    private let step = PodNetwork.step(from: Example.master, to: [Example.node], Example.cni())
    private static let tables = """
        device
        fdb 5e:a1:00:00:00:02 dst 10.77.0.12 self permanent
        fdb 5e:a1:00:00:00:09 dst 10.77.0.99 self permanent
        neigh 10.244.1.0 lladdr 5e:a1:00:00:00:02 PERMANENT
        neigh 10.244.9.0 lladdr 5e:a1:00:00:00:09 PERMANENT

        """

    @Test("is there when each of them answers, and says which does not and for packets of which size")
    func differences() {
        #expect(step.title == "kubmaster reaches the other nodes through the pod network")
        #expect(step.texts(command: Self.tables + "reply 10.244.1.0 full") == [])
        #expect(
            step.texts(command: Self.tables + "reply 10.244.1.0 none") == [
                "kubnode (10.244.1.0) does not answer through the pod network"
            ])
        #expect(
            step.texts(command: Self.tables, exitCode: 124) == [
                "kubnode (10.244.1.0) does not answer through the pod network"
            ])
        #expect(
            step.texts(command: Self.tables + "reply 10.244.1.0 small") == [
                "kubnode (10.244.1.0) is reached by small packets, but not by full-size ones"
            ])
    }

    @Test("is nobody's fault before a machine is a node, or for one that is not of this inventory")
    func unknown() {
        #expect(step.texts(command: "") == ["the pod network is not there yet"])
        #expect(step.texts(command: "device") == [])
        #expect(
            step.texts(
                command:
                    """
                    device\nfdb 5e:a1:00:00:00:09 dst 10.77.0.99 self permanent\nneigh 10.244.9.0 lladdr \
                    5e:a1:00:00:00:09 PERMANENT
                    """
            ) == [])
    }

    @Test("is read from lines that are whole, with or without words at their ends")
    func lines() {
        let report = PodNetwork.Report(
            """
            fdb 5e:a1:00:00:00:01
            fdb 5e:a1:00:00:00:01 dst
            fdb 5e:a1:00:00:00:02 dst 10.77.0.12
            neigh 10.244.0.0 lladdr
            neigh 10.244.1.0 lladdr 5e:a1:00:00:00:02
            reply 10.244.1.0
            """)
        #expect(report.ends == ["10.77.0.12": "10.244.1.0"])
        #expect(report.replies.isEmpty && !report.hasDevice)
    }

    @Test(
        "is not there to a Ready node that flannel's tables do not name; one that is no node or not Ready is not asked")
    func missing() {
        let node = ForgeCore.Host(
            name: "other", address: IPv4Address("10.77.0.13")!, role: .worker, isSchedulable: true,
            access: Example.access)
        let step = PodNetwork.step(from: Example.master, to: [Example.node, node], Example.cni())
        func texts(_ nodes: String, code: Int = 0) -> [String] {
            step.texts([
                step.questions[0]: .command(CommandState(text: Self.tables + "reply 10.244.1.0 full")),
                step.questions[1]: .command(CommandState(exitCode: code, text: nodes)),
            ])
        }
        #expect(
            texts("kubmaster=True=\nkubnode=True=\nother=True=") == [
                "other is Ready, and the pod network has no route to it here"
            ])
        #expect(texts("kubmaster=True=\nkubnode=True=\nother=Unknown=") == [])
        #expect(texts("kubmaster=True=\nkubnode=True=\nstranger=True=") == [])
        #expect(texts("", code: 1) == [], "a node of 1.32 and newer may not list the others")
        let own = PodNetwork.step(from: Example.node, to: [Example.master], Example.cni())
        #expect("\(own.questions[1])".contains("kubelet.conf") && "\(step.questions[1])".contains("admin.conf"))
    }

    @Test("is asked for once the pod network runs everywhere, on each node of several", arguments: [2, 1])
    func planned(count: Int) throws {
        let plan = try Example.plan(Example.cluster("1.36.2") { $0.hosts = Array($0.hosts.prefix(count)) })
        let last = try #require(plan.stages.last)
        #expect(last.name == "the nodes reach each other")
        #expect(last.work.map(\.host.name) == (count == 1 ? [] : ["kubmaster", "kubnode"]))
    }

    /// An `ip` that knows flannel's link, as iproute2 prints it, and answers all else with the line of shell.
    private static func ip(_ other: String) -> String {
        """
        #!/bin/sh
        case "$*" in
        *link*) echo '7: flannel.1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN mode \
        DEFAULT group default' ;;
        *) \(other) ;;
        esac

        """
    }

    @Test("is not there yet where the machine has no such link")
    func noLink() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "ip", "#!/bin/sh\necho 'Device \"flannel.1\" does not exist.' >&2; exit 1\n", mode: 0o755)
            let said = try await LocalProgram.run(
                "env", ["PATH=\(directory.path):/usr/bin:/bin", "/bin/sh", "-c", PodNetwork.look(at: "flannel.1")])
            #expect(said == "")
        }
    }

    /// Runs the look with tables as iproute2 prints them, and a curl and a ping that play the network.
    private func look(curl code: Int, pinged: Set<String> = [], shell: String) async throws -> (
        said: String, asked: String
    ) {
        try await TemporaryDirectory.during { directory in
            try directory.write(
                "bridge", "#!/bin/sh\necho '5e:a1:00:00:00:02 dst 10.77.0.12 self permanent'\n", mode: 0o755)
            try directory.write("ip", Self.ip("echo '10.244.1.0 lladdr 5e:a1:00:00:00:02 PERMANENT '"), mode: 0o755)
            let file = directory.path("asked")
            try directory.write(
                "curl",
                """
                #!/bin/sh\necho \"$*\" >> \(file)\ncat >> \(file)\necho 'reply https://10.244.1.0:10250/healthz \
                \(code)'\n
                """,
                mode: 0o755)
            try directory.write(
                "ping",
                """
                #!/bin/sh\necho \"ping $*\" >> \(file)\ncase $* in *-M*) exit \(pinged.contains("full") ? 0 : 1);; *) \
                exit \(pinged.contains("small") ? 0 : 1);; esac\n
                """,
                mode: 0o755)
            let environment = ["PATH=\(directory.path):/usr/bin:/bin"]
            let said = try await LocalProgram.run(
                "env", environment + ["/bin/\(shell)", "-c", PodNetwork.look(at: "flannel.1")])
            return (said, try directory.text("asked"))
        }
    }

    @Test("is asked of the kubelet at the other end, with a request longer than a packet", arguments: ["dash", "bash"])
    func answered(shell: String) async throws {
        let (said, asked) = try await look(curl: 0, shell: shell)
        #expect(step.texts(command: said) == [])
        #expect(said.contains("fdb 5e:a1:00:00:00:02 dst 10.77.0.12") && said.contains("reply 10.244.1.0 full"))
        #expect(asked.contains("url = \"https://10.244.1.0:10250/healthz\"") && !asked.contains("ping"))
        #expect(asked.contains("X-Full-Size: " + String(repeating: "0", count: 2000)))
        #expect(try await step.texts(command: look(curl: 7, shell: shell).said) == [])
    }

    @Test(
        "is pinged with full size where no connection comes about: a host may have a firewall of its own",
        arguments: ["dash", "bash"])
    func silent(shell: String) async throws {
        let (lost, asked) = try await look(curl: 28, shell: shell)
        #expect(step.texts(command: lost) == ["kubnode (10.244.1.0) does not answer through the pod network"])
        #expect(asked.contains("ping -n -q -c 2 -i 0.3 -W 2 -M do -s 1422 10.244.1.0"))
        #expect(try await step.texts(command: look(curl: 28, pinged: ["full"], shell: shell).said) == [])
        #expect(
            try await step.texts(command: look(curl: 28, pinged: ["small"], shell: shell).said).first?.contains(
                "small packets") == true)
    }

    /// The same words with a real curl: one end refuses, which has come through; one takes the connection and says
    /// nothing.
    @Test("is told apart by curl itself")
    func realCurl() async throws {
        try await LoopbackServer.running(.silent) { port async throws in
            let script = PodNetwork.look(at: "flannel.1").replacing(":10250/", with: ":\(port)/").replacing(
                "--max-time 3", with: "--max-time 1")
            try await TemporaryDirectory.during { directory in
                try directory.write("bridge", "#!/bin/sh\n", mode: 0o755)
                try directory.write("ping", "#!/bin/sh\nexit 1\n", mode: 0o755)
                try directory.write(
                    "ip", Self.ip("printf '%s\\n' '127.0.0.1 lladdr a PERMANENT' '127.0.0.2 lladdr b PERMANENT'"),
                    mode: 0o755)
                let said = try await LocalProgram.run(
                    "env", ["PATH=\(directory.path):/usr/bin:/bin", "/bin/sh", "-c", script])
                let replies = PodNetwork.Report(said).replies
                #expect(replies["127.0.0.1"] == PodNetwork.Report.Reply.none)
                #expect(replies["127.0.0.2"] == .full)
            }
        }
    }
}
