import Foundation
import Testing

/// The lab as a person uses it: by the program, which becomes root by itself where it must.
@Suite("A lab", .serialized, .enabled(if: TestLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"))
struct LabTests {
    private let lab: TestLab

    init() throws { lab = try Self.lab(["kubmaster": "debian-13", "kubnode": "debian-12"], profile: "bare") }

    private static func lab(_ distributions: [String: String], profile: String) throws -> TestLab {
        try TestLab(
            cluster: "kubeforge-machines", network: "10.79.0", hasOwnData: false, distributions: distributions,
            profile: profile)
    }

    @Test("comes up with machines as bare as a VM, says so the second time, reboots, and leaves nothing behind")
    func life() async throws {
        try await run("down")
        #expect(try await traces() == [])
        try await run("up")
        #expect(try await states() == ["running", "running"])
        #expect(try await all("systemctl is-system-running --wait") == ["running", "running"])
        try await expectBare()
        #expect(try strangersFiles() == [], "what lies in the operator's directory is the operator's")

        let again = try await run("up")
        #expect(!again.errors.contains("✓"), "\(again.errors)")

        let boots = try await all("systemctl show --property=UserspaceTimestampMonotonic")
        try await all("sudo touch /var/lib/survives /etc/survives")
        try await run("reboot", "--inventory", lab.inventory.path, "kubnode")
        let later = try await all("systemctl show --property=UserspaceTimestampMonotonic")
        #expect(boots[0] == later[0])
        #expect(boots[1] != later[1])
        #expect(try await all("ls /var/lib/survives /etc/survives")[1] == "/etc/survives\n/var/lib/survives")

        try await run("down")
        #expect(try await traces() == [])
    }

    private func expectBare() async throws {
        #expect(try await all("hostname") == ["debian", "debian"])
        #expect(try await all(". /etc/os-release; echo $ID $VERSION_ID") == ["debian 13", "debian 12"])
        let sources = "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null"
        #expect(try await all("\(sources) | grep -v '^#' | grep -c http") == ["1", "1"])
        #expect(try await all("\(sources) | grep -c 10.79.0.1:8000/debian") == ["1", "1"])
        #expect(try await all("grep -c ' swap ' /etc/fstab; systemctl is-enabled swap.img.swap")[0] == "1\nenabled")
        #expect(try await all("cat /proc/sys/net/ipv4/ip_forward") == ["0", "0"])
        #expect(try await all("sudo id -u") == ["0", "0"])
        let identities = try await all("cat /etc/machine-id; sudo sha256sum /etc/ssh/ssh_host_ed25519_key")
        #expect(identities[0] != identities[1])
        #expect(
            try await all("ping -c 1 -W 2 192.0.2.1 > /dev/null && echo outside || echo inside") == [
                "inside", "inside",
            ])
    }

    @Test("has machines with the habits of cloud images, before and after a reboot")
    func habits() async throws {
        let clouds = try Self.lab(["kubmaster": "ubuntu-24.04-stand-in", "kubnode": "debian-12"], profile: "cloud")
        try await run("down")
        try await run("up")
        #expect(try await all(". /etc/os-release; echo $ID $VERSION_ID") == ["ubuntu 24.04", "debian 12"])
        let locked = """
            began='systemctl show -P InactiveExitTimestampMonotonic apt-daily.service'
            timeout 60 sh -c "until [ \\$($began) != 0 ]; do sleep 0.1; done"; $began
            sudo systemctl stop apt-daily.service; sudo rm -f /var/lib/apt/periodic/update-stamp; sudo systemctl start \
            --no-block apt-daily.service
            inode=$(stat -c %i /var/lib/apt/lists/lock); timeout 60 sh -c "until grep -q POSIX.*WRITE.*:$inode \
            /proc/locks; do sleep 0.1; done"
            sudo LC_ALL=C apt-get update 2>&1
            """
        for answer in try await all("\(locked) || true") {
            #expect(!answer.hasPrefix("0\n"), "apt-daily starts with the machine: \(answer)")
            #expect(answer.contains("Could not get lock /var/lib/apt/lists/lock"), "\(answer)")
        }
        let missing = "ls: Zugriff auf '/nowhere' nicht möglich: Datei oder Verzeichnis nicht gefunden\n"
        let told = "0077\n0077\n\(missing)\(missing)default via 10.0.2.2 dev eth1"
        let asked = "umask; sudo sh -c umask; ls /nowhere 2>&1; sudo ls /nowhere 2>&1; ip -4 route show default"
        #expect(try await all(asked) == [told, told])
        try await all(
            """
            sudo cloud-init status --wait > /dev/null; sudo cp /etc/hosts /etc/hosts.before; echo 10.79.0.99 friend | \
            sudo tee -a /etc/hosts
            echo net.ipv4.ip_forward=1 | sudo tee /etc/sysctl.d/99-kubernetes.conf; sudo sysctl -q --system
            """)
        try await run("reboot", "--inventory", clouds.inventory.path)
        let after =
            "sudo cloud-init status --wait | tail -n 1; cat /proc/sys/net/ipv4/ip_forward; sudo sort /run/lab-swaps"
        #expect(try await all(after) == Array(repeating: "status: done\n0\n/dev/zram0\n/var/swap", count: 2))
        #expect(try await all("sudo diff /etc/hosts /etc/hosts.before") == ["", ""])
        #expect(try await all("systemctl is-system-running --wait") == ["running", "running"])
        try await run("down")
        #expect(try await traces() == [])
    }

    @Test(
        """
        starts a machine again that was switched off, and is taken away whole even when one was killed and its groups \
        are left
        """
    )
    func accidents() async throws {
        try await run("up")
        // The connection ends with the machine.
        _ = try await lab.ssh("kubnode", "sudo systemctl poweroff")
        while try await states() != ["running", "off"] { try await Task.sleep(for: .milliseconds(100)) }
        try await run("up")
        #expect(try await states() == ["running", "running"])

        try await lab.killSupervisor("kubnode")
        #expect(try await states() == ["running", "off"])
        try await run("up")
        try await run("reboot", "--inventory", lab.inventory.path)
        #expect(try await states() == ["running", "running"])

        try await lab.killMachine("kubmaster")
        try await run("down")
        #expect(try await traces() == [])
    }

    @discardableResult
    private func run(_ verb: String, _ arguments: String...) async throws -> Finished {
        let run = try await lab.kubeforge(["lab", verb] + (arguments.isEmpty ? [lab.inventory.path] : arguments))
        try #require(run.exitCode == 0, "lab \(verb): \(run.everything)")
        return run
    }

    /// `running` or `off`, as `lab status` says it.
    private func states() async throws -> [String] {
        try await run("status", lab.inventory.path, "--output", "json").events("machine").compactMap(\.state)
    }

    /// What the command prints on each machine.
    @discardableResult
    private func all(_ command: String) async throws -> [String] {
        var answers: [String] = []
        for machine in ["kubmaster", "kubnode"] {
            let answer = try await lab.ssh(machine, command)
            try #require(answer.exitCode == 0, "\(machine): \(command): \(answer.everything)")
            answers.append(answer.output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return answers
    }

    /// Files below the operator's directory that belong to another user.
    private func strangersFiles() throws -> [String] {
        let directory = URL(filePath: lab.inventory.key).deletingLastPathComponent().deletingLastPathComponent().path()
        let all = [
            directory, directory + "/ssh", lab.inventory.key, lab.inventory.key + ".pub", directory + "/run",
            lab.inventory.knownHosts,
        ]
        return try all.filter { path in
            let owner = try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? NSNumber
            return owner?.uint32Value != geteuid()
        }
    }

    /// Everything on this computer that bears the lab's name or hangs on its network.
    private func traces() async throws -> [String] {
        let looks = [
            "ip netns list", "ip -o link", "ip rule", "iptables-save", "cat /proc/self/mounts",
            "find /sys/fs/cgroup -type d",
            "ps -e -o args", "ls /run/systemd/nspawn/propagate", "ls ~root/.cache/kubeforge/lab/run \(cache)/run",
        ]
        var found: [String] = []
        for look in looks {
            let lines = try await lab.asRoot(look).output.split(separator: "\n").map(String.init)
            // Not the look's own shell, which has the names in its arguments.
            found += lines.filter { line in
                !line.contains("iptables-save")
                    && ["kubeforge.kubeforge-machines", "run/kubeforge-machines", "kf0a4f00"].contains {
                        line.contains($0)
                    }
            }
        }
        return found
    }

    private var cache: String {
        URL(filePath: lab.inventory.key).deletingLastPathComponent().deletingLastPathComponent().path()
    }
}
