import ForgeCore
import ForgeInventory
import Foundation

/// What a lab wants to know of a computer before it changes anything there.
struct Survey: Sendable, Hashable {
    var isLinux = true
    var user: UInt32 = 0
    /// Programs that are not installed.
    var missingPrograms: [String] = []
    /// Bytes; nil where the system does not say.
    var freeMemory: Int?
    /// Bytes where the cache lies.
    var freeDisk: Int?
    var hasOverlay = true
    /// /dev/net/tun is there.
    var hasTunnel = true
    /// nil where the kernel does not say.
    var inotify: InotifyInstances?
    /// Interface → its IPv4 network.
    var networks: [String: IPv4Network] = [:]
    /// Ports that somebody else listens on at all addresses.
    var takenPorts: Set<UInt16> = []
    /// The owner of a bridge that has the lab's name: `kubeforge.<cluster>`; nil if there is none.
    var bridgeOwner: String?
    /// A lab that runs has its memory, disk, inotify instances and ports already.
    var isRunning = false

    init() {}
}

extension Survey {
    /// Looks at this computer.
    static func take(_ layout: LabLayout) async throws -> Survey {
        var survey = Survey()
        let computer = layout.computer
        #if !os(Linux)
            survey.isLinux = false
        #endif
        survey.user = geteuid()
        survey.missingPrograms = LabPrograms.packages(layout.cluster.lab.driver).keys.filter {
            !LabPrograms.isInstalled($0, computer)
        }
        .sorted()
        survey.freeMemory = memory(computer.read("/proc/meminfo") ?? "")
        survey.freeDisk = disk(layout.cache.root)
        survey.hasOverlay =
            computer.read("/proc/filesystems")?.contains("overlay") ?? false
            || Kernel(computer: computer).modules != nil
        survey.hasTunnel = computer.exists("/dev/net/tun")
        survey.inotify = InotifyInstances.take(computer)
        survey.bridgeOwner = computer.read("/sys/class/net/\(layout.network.bridge)/ifalias")?.trimming(
            while: \.isWhitespace)
        guard survey.isLinux, survey.missingPrograms.isEmpty else { return survey }
        survey.isRunning = try await !Cgroup.all(layout.name, computer).isEmpty
        survey.networks = networks(try await computer.finish(Command("ip", "-4", "-o", "address")))
        survey.networks[layout.network.bridge] = nil
        survey.takenPorts = ports((computer.read("/proc/net/tcp") ?? "") + (computer.read("/proc/net/tcp6") ?? ""))
        return survey
    }

    /// `MemAvailable` of /proc/meminfo, which counts in KiB.
    static func memory(_ text: String) -> Int? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// The output of `ip -4 -o address`.
    static func networks(_ text: String) -> [String: IPv4Network] {
        var found: [String: IPv4Network] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "inet"), index + 1 < words.count else { continue }
            let parts = words[index + 1].split(separator: "/")
            guard let address = IPv4Address(String(parts[0])) else { continue }
            found[String(words[1])] = IPv4Network(
                containing: address, prefix: parts.count > 1 ? Int(parts[1]) ?? 32 : 32)
        }
        return found
    }

    /// The ports in /proc/net/tcp and tcp6 that are listened on (state 0A) at all addresses (zeros).
    static func ports(_ text: String) -> Set<UInt16> {
        Set(
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard words.count > 3, words[3] == "0A" else { return nil }
                let local = words[1].split(separator: ":")
                guard local.count == 2, local[0].allSatisfy({ $0 == "0" }) else { return nil }
                return UInt16(local[1], radix: 16)
            })
    }

    private static func disk(_ directory: String) -> Int? {
        var url = URL(filePath: directory)
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" { url.deleteLastPathComponent() }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: url.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
    }
}

/// The programs that a lab runs on this computer, and the Debian or Ubuntu packages they come in.
enum LabPrograms {
    private static let all = [
        "mmdebstrap": "mmdebstrap", "ip": "iproute2", "iptables": "iptables",
        "ssh": "openssh-client",
        "ssh-keygen": "openssh-client", "python3": "python3", "docker-registry": "docker-registry", "curl": "curl",
        "flock": "util-linux", "unshare": "util-linux", "mount": "mount", "find": "findutils",
    ]

    /// The packages of every lab, and those of what runs its machines.
    static func packages(_ driver: LabSettings.Driver) -> [String: String] {
        all.merging(driver.programs) { own, _ in own }
    }

    static func isInstalled(_ program: String, _ computer: LocalHost) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return directories.contains { computer.exists("\($0)/\(program)") }
    }
}

/// The kernel's means to watch files. It gives each user so many, and root is the same user in all machines of all
/// labs.
struct InotifyInstances: Sendable, Hashable {
    /// As `/proc/*/fd` shows them, a control plane has 15 when it is provisioned (five each for systemd and the
    /// kubelet, one each for udevd, logind, containerd, the controller manager and kube-proxy), a worker 14, and 18
    /// while a service is deployed. The kubelet takes one for each log that is followed.
    private static let perMachine = 20

    /// How many one user may have.
    var limit: Int
    /// How many root has in use.
    var inUse: Int

    /// What stands in the way of so many machines more; nil when they have enough.
    func problem(machines: Int) -> Problem? {
        let needed = machines * Self.perMachine
        guard limit - inUse < needed else { return nil }
        return Problem(
            what: "too few inotify instances for \(machines) machines",
            why:
                """
                root may have \(limit) and uses \(inUse), \(needed) more are needed; kube-proxy ends with \"too many \
                open files\" without them
                """,
            fix: "sysctl fs.inotify.max_user_instances=\(max(512, 2 * (inUse + needed)))")
    }
}

extension InotifyInstances {
    /// nil where the kernel does not say.
    static func take(_ computer: LocalHost) -> InotifyInstances? {
        let text = computer.read("/proc/sys/fs/inotify/max_user_instances")?.trimming(while: \.isWhitespace)
        guard let limit = text.flatMap({ Int($0) }) else { return nil }
        let processes = computer.names(in: "/proc").filter { Int($0) != nil && isRoot("/proc/\($0)") }
        return InotifyInstances(limit: limit, inUse: processes.reduce(0) { $0 + count("/proc/\($1)/fd", computer) })
    }

    private static func isRoot(_ directory: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: directory)
        return (attributes?[.ownerAccountID] as? NSNumber)?.intValue == 0
    }

    /// `directory`: a process's own of what it has open, `/proc/1/fd`.
    static func count(_ directory: String, _ computer: LocalHost) -> Int {
        computer.names(in: directory).count { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(name)")) == "anon_inode:inotify"
        }
    }
}
