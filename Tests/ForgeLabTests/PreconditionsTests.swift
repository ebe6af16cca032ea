import ForgeCore
import ForgeInventory
import ForgeTemplates
import Glibc
import Testing

@testable import ForgeLab

@Suite("The lab's preconditions")
struct PreconditionsTests {
    @Test("find nothing on a computer that has all")
    func nothing() throws {
        #expect(try findings(Survey()) == [])
    }

    @Test("say what is missing, and what to do about it", arguments: cases)
    func messages(example: Example) throws {
        var survey = Survey()
        example.change(&survey)
        #expect(try findings(survey).map(\.description) == [example.message])
    }

    @Test("take as many inotify instances as two machines have")
    func enough() throws {
        var survey = Survey()
        survey.inotify = InotifyInstances(limit: 128, inUse: 88)
        #expect(try findings(survey) == [])
    }

    @Test("are told all at once")
    func allAtOnce() throws {
        var survey = Survey()
        survey.user = 1000
        survey.missingPrograms = ["mmdebstrap"]
        survey.freeMemory = 1 << 30
        survey.freeDisk = 1 << 30
        survey.inotify = InotifyInstances(limit: 128, inUse: 128)
        survey.takenPorts = [8000, 5000]
        #expect(try findings(survey).count == 7)
    }

    @Test("do not hold a running lab's own memory, disk, inotify instances and ports against it")
    func running() throws {
        var survey = Survey()
        survey.freeMemory = 0
        survey.freeDisk = 0
        survey.inotify = InotifyInstances(limit: 128, inUse: 128)
        survey.takenPorts = [8000]
        survey.bridgeOwner = "kubeforge.lab"
        survey.isRunning = true
        #expect(try findings(survey) == [])
    }

    private func findings(_ survey: Survey) throws -> [Problem] {
        let cache = Cache(root: "/root/.cache/kubeforge/lab")
        let files = OperatorFiles(root: cache.root, owner: Operator(user: 0, group: 0, home: "/root"))
        let layout = try LabLayout(
            cluster: SampleLab.cluster(), cache: cache, operatorFiles: files, computer: LocalHost(),
            templates: Templates())
        return Preconditions(survey: survey, layout: layout).findings
    }

    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout Survey) -> Void
        let message: String

        init(_ name: String, _ message: String, _ change: @escaping @Sendable (inout Survey) -> Void) {
            testDescription = name
            self.message = message
            self.change = change
        }
    }

    static let cases = [
        Example(
            "another system",
            """
            a lab needs Linux
              why  its machines share this computer's kernel
              fix  run it in a Linux VM
            """
        ) { $0.isLinux = false },
        Example(
            "an ordinary user",
            """
            the lab requires root
              why  it creates mounts, network namespaces and control groups; this is user 1000
              fix  run the same command with sudo
            """
        ) { $0.user = 1000 },
        Example(
            "programs",
            """
            programs that a lab needs are not installed: mmdebstrap, ssh, ssh-keygen, systemd-nspawn
              fix  apt-get install -y --no-install-recommends mmdebstrap openssh-client systemd-container
            """
        ) { $0.missingPrograms = ["mmdebstrap", "ssh", "ssh-keygen", "systemd-nspawn"] },
        Example(
            "memory",
            """
            too little memory for 2 machines
              why  2.9 GiB are free, 3.0 GiB are needed
              fix  free some memory, or remove hosts from the inventory
            """
        ) { $0.freeMemory = (3 << 30) - 1 },
        Example(
            "disk",
            """
            too little disk space in /root/.cache/kubeforge/lab
              why  0.5 GiB are free, 6.0 GiB are needed
              fix  set KUBEFORGE_CACHE to a directory on a larger disk
            """
        ) { $0.freeDisk = 1 << 29 },
        Example(
            "inotify instances",
            """
            too few inotify instances for 2 machines
              why  root may have 128 and uses 89, 40 more are needed; kube-proxy ends with "too many open files" \
            without them
              fix  sysctl fs.inotify.max_user_instances=512
            """
        ) { $0.inotify = InotifyInstances(limit: 128, inUse: 89) },
        Example(
            "a network that is there already",
            """
            the lab's network 10.77.0.0/24 is in use on this computer
              why  wg0 is in 10.0.0.0/8
              fix  give the hosts of inventory/lab.yaml other addresses, such as 10.88.0.11
            """
        ) { $0.networks = ["eth0": IPv4Network("192.168.1.0/24")!, "wg0": IPv4Network("10.0.0.0/8")!] },
        Example(
            "another lab's network",
            """
            the lab's network 10.77.0.0/24 belongs to another lab
              why  the bridge kf0a4d00 is kubeforge.demo's
              fix  take that lab down, or give the hosts of inventory/lab.yaml other addresses
            """
        ) { $0.bridgeOwner = "kubeforge.demo" },
        Example(
            "a port",
            """
            port 5000 is taken on all addresses
              why  the lab serves machines on 10.77.0.1:5000
              fix  systemctl disable --now docker-registry, or stop what else listens there (`ss -ltnp sport = :5000` \
            says who)
            """
        ) { $0.takenPorts = [22, 5000] },
    ]
}

@Suite("The survey of this computer")
struct SurveyTests {
    @Test("reads the memory that is available, in bytes")
    func memory() {
        #expect(Survey.memory("MemTotal:  24684084 kB\nMemFree: 1 kB\nMemAvailable:   2048 kB\n") == 2 << 20)
        #expect(Survey.memory("MemTotal: 1 kB") == nil)
    }

    @Test("reads the networks that this computer is in")
    func networks() {
        let text = """
            1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
            4: eth0    inet 172.16.5.9/20 brd 172.16.15.255 scope global eth0\\       valid_lft forever
            5: tun0    inet 10.8.0.6 peer 10.8.0.5/32 scope global tun0
            """
        #expect(
            Survey.networks(text) == [
                "lo": IPv4Network("127.0.0.0/8")!, "eth0": IPv4Network("172.16.0.0/20")!,
                "tun0": IPv4Network("10.8.0.6/32")!,
            ])
    }

    @Test("counts a port as taken when somebody listens on it at all addresses")
    func ports() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
               1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
               2: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000
               3: 00000000:0016 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 3
            """
        #expect(Survey.ports(text) == [5000, 8000])
    }

    @Test("counts a process's inotify instances, and knows how many root may have")
    func inotify() throws {
        let instances = (0..<3).map { _ in inotify_init1(0) }
        defer { for instance in instances { close(instance) } }
        #expect(InotifyInstances.count("/proc/self/fd", LocalHost()) == 3)
        let all = try #require(InotifyInstances.take(LocalHost()))
        #expect(all.limit >= all.inUse && all.inUse >= (geteuid() == 0 ? 3 : 0))
    }

    @Test("knows the effective capabilities by their mask")
    func capabilities() {
        #expect(Kernel.capabilities(status: "CapPrm:\t0\nCapEff:\t000001fffeffffff\n") & (1 << 24) == 0)
        #expect(Kernel.capabilities(status: "CapEff:\t000001ffffffffff\n") & (1 << 24) != 0)
    }

    @Test("finds mount points innermost first, and their spaces")
    func mounts() {
        let table = """
            overlay /run/a overlay rw 0 0
            tmpfs /run/a/b\\040c tmpfs rw 0 0
            tmpfs /run/another tmpfs rw 0 0
            """
        #expect(Mounts.points(below: "/run/a", in: table) == ["/run/a/b c", "/run/a"])
    }
}

@Suite("The preconditions of the lab's supplies")
struct ArtifactPreconditionsTests {
    @Test("find nothing on a computer that has all")
    func nothing() {
        var preconditions = ArtifactPreconditions()
        preconditions.freeDisk = 10 << 30
        preconditions.freeMemory = 3 << 30
        #expect(preconditions.findings == [])
    }

    @Test("say all that is missing at once, and what to do about it")
    func messages() {
        var preconditions = ArtifactPreconditions()
        preconditions.directory = "/root/.cache/kubeforge/lab"
        preconditions.missingPackages = ["debian-archive-keyring", "python3-pip"]
        preconditions.archiveError = "E: Could not resolve 'deb.debian.org'"
        preconditions.freeDisk = (10 << 30) - 1
        preconditions.freeMemory = 1 << 30
        #expect(
            preconditions.findings.map(\.description).joined(separator: "\n") == """
                packages that the lab's supplies need are not installed: debian-archive-keyring, python3-pip
                  fix  apt-get install -y --no-install-recommends debian-archive-keyring python3-pip
                Debian's archive cannot be reached, and the lab's packages are not made yet
                  why  E: Could not resolve 'deb.debian.org'
                  fix  see that apt can fetch http://deb.debian.org/debian/dists/bookworm/InRelease (a proxy belongs \
                into /etc/apt/apt.conf.d)
                too little disk space in /root/.cache/kubeforge/lab to make the lab's packages and images
                  why  9.9 GiB are free, 10.0 GiB are needed
                  fix  set KUBEFORGE_CACHE to a directory on a larger disk
                too little memory to build Kubernetes
                  why  1.0 GiB are free, 3.0 GiB are needed
                  fix  free some memory
                """)
    }
}
