import ForgeCore
import ForgePlan

/// What a machine is, as opposed to what it shall become: read once, before the plan is made.
package struct Facts: Sendable, Hashable {
    package var distribution: Distribution
    /// As Debian names it: `amd64`, `arm64`.
    package var architecture: String
    /// Whether the machine itself is a container: some kernel settings then belong to its host.
    package var isContainer: Bool
    package var hasCgroup2: Bool
    package var cores: Int
    package var memoryMiB: Int
    /// Free on the file system of /var.
    package var freeDiskMiB: Int
    package var machineID: String
    /// Seconds since 1970, by the machine's own clock.
    package var clock: Int
    /// Home folder and primary group of the login user.
    package var home: String
    package var group: String

    package init(
        distribution: Distribution = Distribution(id: "debian", version: "12", codename: "bookworm"), architecture: String = "amd64",
        isContainer: Bool = false, hasCgroup2: Bool = true, cores: Int = 2, memoryMiB: Int = 4096, freeDiskMiB: Int = 20_000,
        machineID: String = "", clock: Int = 0, home: String = "/root", group: String = "root"
    ) {
        self.distribution = distribution
        self.architecture = architecture
        self.isContainer = isContainer
        self.hasCgroup2 = hasCgroup2
        self.cores = cores
        self.memoryMiB = memoryMiB
        self.freeDiskMiB = freeDiskMiB
        self.machineID = machineID
        self.clock = clock
        self.home = home
        self.group = group
    }
}

/// The questions of the survey, and how their answers become facts.
package enum Survey {
    package static func questions(for host: Host) -> [Question] { [.contents("/etc/os-release"), .command(script(for: host))] }

    package static func facts(of host: Host, _ answers: Answers) -> Facts {
        let values = keyValues(answers.command(script(for: host)).text)
        func number(_ key: String) -> Int { values[key].flatMap { Int($0) } ?? 0 }
        return Facts(
            distribution: Distribution(osRelease: keyValues(answers.text("/etc/os-release") ?? "")),
            architecture: values["architecture"] ?? "", isContainer: values["container"].map { $0 != "none" } ?? false,
            hasCgroup2: values["cgroup"] == "cgroup2fs", cores: number("cores"), memoryMiB: number("memory") / 1024,
            freeDiskMiB: number("disk") / 1024, machineID: values["machine"] ?? "", clock: number("clock"),
            home: values["home"] ?? "/root", group: values["group"] ?? "root")
    }

    /// One process for each line at most; unknown is empty, and a preflight says so.
    private static func script(for host: Host) -> String {
        let user = host.access.user.shellQuoted
        return """
            echo "architecture=$(dpkg --print-architecture)"
            echo "container=$(systemd-detect-virt --container)"
            echo "cgroup=$(stat -fc %T /sys/fs/cgroup)"
            echo "cores=$(nproc)"
            while read -r key value unit; do [ "$key" = MemTotal: ] && echo "memory=$value"; done < /proc/meminfo
            echo "disk=$(df -kP /var | sed -n '2s/ \\+/ /gp' | cut -d ' ' -f 4)"
            read -r id < /etc/machine-id; echo "machine=$id"
            echo "clock=$(date +%s)"
            echo "home=$(getent passwd \(user) | cut -d : -f 6)"
            echo "group=$(id -gn \(user))"
            """
    }

    /// `KEY=value` lines, with or without double quotes.
    private static func keyValues(_ text: String) -> [String: String] {
        let pairs = text.split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), parts[1].trimming { $0 == "\"" }) : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
