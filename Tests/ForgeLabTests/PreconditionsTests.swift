import ForgeCore
import ForgeTemplates
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
              why  it makes mounts, network namespaces and control groups; this is user 1000
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
              fix  set KUBEFORGE_CACHE to a folder on a larger disk
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
              fix  systemctl disable --now docker-registry, or end what else listens there (`ss -ltnp sport = :5000` \
            says who)
            """
        ) { $0.takenPorts = [22, 5000] },
    ]
}
