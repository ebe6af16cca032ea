import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("A survey")
struct SurveyTests {
    private func facts(_ text: String) -> Facts {
        let questions = Survey.questions(for: Example.node)
        return Survey.facts(
            of: Example.node,
            Answers([
                questions[0]: .contents(
                    Array(
                        """
                        PRETTY_NAME="Ubuntu 24.04.1 LTS"
                        ID=debian
                        ID=ubuntu
                        VERSION_ID="24.04"
                        VERSION_CODENAME=noble

                        """.utf8)),
                questions[1]: .command(CommandState(text: text)),
            ]))
    }

    @Test(
        "knows by how much a machine's clock is wrong, by the operator's at the time of the look",
        arguments: [(1, -99), (100, 0), (150, 0), (200, 0), (99, -1), (201, 1), (3800, 3600)])
    func skew(clock: Int, expected: Int) {
        let questions = Survey.questions(for: Example.node)
        let answers = Answers([questions[1]: .command(CommandState(text: "clock=\(clock)"))])
        #expect(Survey.facts(of: Example.node, answers, asked: 100...200).skew == expected)
        #expect(Survey.facts(of: Example.node, answers).skew == nil)
        #expect(Survey.facts(of: Example.node, Answers(), asked: 100...200).skew == nil)
    }

    @Test("turns a machine's answers into facts")
    func known() {
        let text = """
            architecture=amd64
            container=systemd-nspawn
            cgroup=tmpfs
            cores=2
            memory=24663380
            disk=30720000
            machine=0123abcd
            clock=1795259454
            home=/home/ubuntu
            group=ubuntu
            address=ens5 172.31.4.2
            address=docker0 172.17.0.1
            uuid=EC2F-1
            mac=0a:00:00:00:00:01
            memorycgroup=1
            vxlan=0
            proxy=http://me:sec=ret@p:3128
            room-kubelet=41251136 30000000 1000 900 /var/lib/kubelet
            room-containerd=0 0 - - /var/lib/containerd
            room-docker=41251136 0 - - /srv/my docker
            """
        var expected = Facts(
            distribution: Distribution(id: "ubuntu", version: "24.04", codename: "noble"), architecture: "amd64",
            isContainer: true,
            hasCgroup2: false, cores: 2, memoryMiB: 24085, freeDiskMiB: 30000, machineID: "0123abcd",
            clock: 1_795_259_454,
            home: "/home/ubuntu", group: "ubuntu")
        expected.addresses = [Facts.Interface("ens5", "172.31.4.2"), Facts.Interface("docker0", "172.17.0.1")]
        expected.productUUID = "EC2F-1"
        expected.macAddresses = ["0a:00:00:00:00:01"]
        expected.hasMemoryCgroup = true
        expected.hasVXLAN = false
        expected.rooms = [
            "kubelet": Facts.Room(
                "/var/lib/kubelet", totalMiB: 40284, freeMiB: 29296, totalInodes: 1000, freeInodes: 900),
            "docker": Facts.Room("/srv/my docker", totalMiB: 40284, freeMiB: 0),
        ]
        expected.proxy = "http://p:3128"
        #expect(facts(text) == expected)
    }

    @Test("without answers leaves what preflights will find")
    func nothing() {
        let facts = Survey.facts(of: Example.node, Answers())
        #expect(facts.distribution.name == "Unknown ")
        #expect(facts.cores == 0 && facts.memoryMiB == 0 && facts.freeDiskMiB == 0)
        #expect(facts.addresses.isEmpty && facts.hasMemoryCgroup == nil && facts.hasVXLAN == nil && facts.rooms.isEmpty)
        #expect(facts.proxy == nil)
        #expect(!facts.isContainer && !facts.hasCgroup2)
    }

    /// As one without systemd-detect-virt.
    @Test("takes a machine that cannot tell for a container")
    func untold() {
        #expect(facts("container=\n").isContainer)
        #expect(!facts("container=none\n").isContainer)
    }

    @Test(
        "finds the proxy that the login's environment names, and forgets its password",
        arguments: [
            ("http://p.example:3128", "http://p.example:3128"), ("http://me:s@cret@p:3128/", "http://p:3128/"),
            ("me:secret@p:3128", "http://p:3128"), ("socks5://p:1080", "socks5://p:1080"), ("", nil),
        ])
    func proxy(value: String, expected: String?) async throws {
        let login = LoginTransport(proxies: ["https_proxy": value])
        let answers = try await login.ask(Survey.questions(for: Self.here), of: Self.here)
        #expect(Survey.facts(of: Self.here, answers).proxy == expected)
    }

    private static let here = ForgeCore.Host(
        name: "here", address: IPv4Address("10.0.0.1")!, role: .worker, isSchedulable: true,
        access: .init(user: "root", keyPath: nil, knownHostsPath: ""))

    @Test("of this computer finds what it must have", arguments: ["dash", "bash"])
    func real(shell: String) async throws {
        let host = Self.here
        let facts = Survey.facts(
            of: host, try await LocalTransport(shell: shell).ask(Survey.questions(for: host), of: host))
        #expect(["amd64", "arm64"].contains(facts.architecture))
        #expect(facts.cores > 0 && facts.freeDiskMiB > 0)
        let total = try await LocalProgram.run("sed", ["-n", "s/^MemTotal: *\\([0-9]*\\) kB$/\\1/p", "/proc/meminfo"])
        let memory = try #require(Int(total.trimming(while: \.isNewline)))
        #expect(facts.memoryMiB == memory / 1024)
        #expect(Set(facts.rooms.keys) == ["kubelet", "containerd", "docker"])
        #expect(facts.rooms.values.allSatisfy { $0.totalMiB >= $0.freeMiB && $0.totalMiB > 0 })
        #expect(facts.hasMemoryCgroup != nil)
    }

    /// Runs a part of the script with these programs alone.
    private func said(
        _ script: String, shell: String = "dash", _ programs: [String: String] = [:], in directory: TemporaryDirectory
    ) async throws
        -> String
    {
        try FileManager.default.createDirectory(atPath: directory.path("bin"), withIntermediateDirectories: true)
        for (name, text) in programs { try directory.write("bin/\(name)", "#!/bin/sh\n\(text)\n", mode: 0o755) }
        return try await LocalProgram.run(shell, ["-c", "PATH=\(directory.path("bin")); \(script)"])
    }

    private func file(_ path: String, _ text: String, in directory: TemporaryDirectory) throws {
        let whole = directory.path(path)
        try FileManager.default.createDirectory(
            atPath: (whole as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try directory.write(path, text)
    }

    @Test("finds the addresses of a machine, with or without iproute2")
    func addresses() async throws {
        let ip = """
            [ "$*" = "-o -4 addr show scope global" ] || exit 1
            echo '2: ens5    inet 172.31.4.2/20 metric 100 brd 172.31.15.255 scope global dynamic ens5\\       \
            valid_lft 3181sec'
            echo '3: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\\       valid_lft forever'
            """
        try await TemporaryDirectory.during { directory in
            let text = try await said(Survey.addresses, ["ip": ip], in: directory)
            #expect(text == "address=ens5 172.31.4.2\naddress=docker0 172.17.0.1\n")
        }
        try await TemporaryDirectory.during { directory in
            let text = try await said(Survey.addresses, ["hostname": "echo '172.31.4.2 fd00::1 '"], in: directory)
            #expect(facts(text).addresses == [Facts.Interface("-", "172.31.4.2")])
        }
    }

    @Test("finds the numbers of firmware and network cards, and none in a container")
    func hardware() async throws {
        try await TemporaryDirectory.during { directory in
            try file("sys/class/dmi/id/product_uuid", "4c4c4544-0001\n", in: directory)
            try file("sys/class/net/ens5/address", "0a:00:00:00:00:01\n", in: directory)
            try file("sys/class/net/cni0/address", "9a:00:00:00:00:02\n", in: directory)
            for (card, bus) in [("ens5", "pci"), ("usb0", "usb")] {
                try file("sys/class/net/\(card)/device/vendor", "", in: directory)
                try file("sys/bus/\(bus)/drivers_probe", "", in: directory)
                try FileManager.default.createSymbolicLink(
                    atPath: directory.path("sys/class/net/\(card)/device/subsystem"),
                    withDestinationPath: "../../../../bus/\(bus)")
            }
            try file("sys/class/net/usb0/address", "52:7b:4e:85:36:07\n", in: directory)
            let script = Survey.hardware(below: directory.path)
            let machine = try await said("container=none; " + script, in: directory)
            let container = try await said("container=lxc; " + script, in: directory)
            #expect(machine == "uuid=4c4c4544-0001\nmac=0a:00:00:00:00:01\n")
            #expect(container == "")
        }
    }

    @Test("finds a memory cgroup that is off", arguments: ["dash", "bash"])
    func memoryCgroup(shell: String) async throws {
        let old = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t3\t60\t1\nmemory\t0\t60\t"
        for (files, expected) in [
            (["sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n"], true),
            (["sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n"], false),
            (["proc/cgroups": old + "1\n"], true), (["proc/cgroups": old + "0\n"], false),
        ] {
            try await TemporaryDirectory.during { directory in
                for (path, text) in files { try file(path, text, in: directory) }
                let text = try await said(
                    "container=lxc; " + Survey.kernel(below: directory.path), shell: shell, in: directory)
                #expect(facts(text).hasMemoryCgroup == expected, "\(files)")
            }
        }
    }

    @Test("finds a kernel without VXLAN, and does not judge a container's")
    func vxlan() async throws {
        try await TemporaryDirectory.during { directory in
            try file("proc/cgroups", "", in: directory)
            let script = Survey.kernel(below: directory.path)
            let none = ["modprobe": "[ \"$*\" = '-n -q vxlan' ] && exit 1"]
            func has(_ container: String, _ programs: [String: String]) async throws -> Bool? {
                facts(try await said("container=\(container); " + script, programs, in: directory)).hasVXLAN
            }
            let (lacking, hidden) = (try await has("none", none), try await has("lxc", none))
            #expect(lacking == false && hidden == nil)
            let loadable = try await has("none", ["modprobe": "exit 0"])
            #expect(loadable == true)
            try file("sys/module/vxlan/x", "", in: directory)
            let loaded = try await has("lxc", none)
            #expect(loaded == true)
        }
    }

    @Test("measures the file system that a directory will be on, and Docker's own directory")
    func rooms() async throws {
        try await TemporaryDirectory.during { directory in
            try file("var/lib/x", "", in: directory)
            try file("data/x", "", in: directory)
            try file("etc/docker/daemon.json", "{\n  \"data-root\": \"\(directory.path("data"))\"\n}\n", in: directory)
            let programs = [
                "df":
                    """
                case $3 in */var/lib|*/data) ;; *) exit 1;; esac
                echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
                [ $1 = -kP ] && echo "/dev/x 102400 1 20480 1% $3" || echo "/dev/x 100 1 30 1% $3"
                """,
                "tail": "exec /usr/bin/tail \"$@\"", "sed": "exec /bin/sed \"$@\"",
            ]
            let found = facts(try await said(Survey.rooms(below: directory.path), programs, in: directory)).rooms
            #expect(
                found["kubelet"]
                    == Facts.Room(
                        directory.path("var/lib/kubelet"), totalMiB: 100, freeMiB: 20, totalInodes: 100, freeInodes: 30)
            )
            let data = directory.path("data")
            #expect(
                found["docker"]
                    == Facts.Room(data, totalMiB: 100, freeMiB: 20, totalInodes: 100, freeInodes: 30))
        }
    }
}
