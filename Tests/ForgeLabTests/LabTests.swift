import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation
import Testing

@testable import ForgeLab

extension Tag {
    /// Makes real machines: needs root, the programs of `LabPrograms`, and some seconds.
    @Tag static var lab: Self
}

@Suite("A lab", .tags(.lab), .serialized, .enabled(if: SampleLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"))
struct LabTests {
    private let computer = ThisComputer()
    private let cluster = Self.cluster(LabSettings(hosts: ["kubnode": .init(distribution: .debian12)]))

    private static func cluster(_ lab: LabSettings) -> Cluster {
        var cluster = SampleLab.cluster("kubeforge-machines", ["10.79.0.11", "10.79.0.12"])
        cluster.lab = lab
        return cluster
    }

    @Test("comes up with machines as bare as a VM, says so the second time, reboots, and leaves nothing behind")
    func life() async throws {
        try await lab().down()
        #expect(try await traces() == [])
        try await lab().up()
        #expect(try await lab().status().map(\.state) == [.running, .running])
        #expect(try await states() == ["running", "running"])
        try await expectBare()

        let told = Told()
        try await lab(told).up()
        #expect(told.changes == [])

        let boots = try await all("systemctl show --property=UserspaceTimestampMonotonic")
        try await all("sudo touch /var/lib/survives /etc/survives")
        try await lab().reboot(["kubnode"])
        let later = try await all("systemctl show --property=UserspaceTimestampMonotonic")
        #expect(boots[0] == later[0])
        #expect(boots[1] != later[1])
        #expect(try await all("ls /var/lib/survives /etc/survives")[1] == "/etc/survives\n/var/lib/survives")

        try await lab().down()
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
        #expect(try await all("ping -c 1 -W 2 192.0.2.1 > /dev/null && echo outside || echo inside") == ["inside", "inside"])
    }

    @Test("has machines with the habits of cloud images, before and after a reboot")
    func habits() async throws {
        let settings = LabSettings(distribution: .ubuntuStandIn, profile: .cloud, hosts: ["kubnode": .init(distribution: .debian12)])
        let cloud = try Lab(
            cluster: Self.cluster(settings), cache: cache, templates: Templates(), progress: LabProgress { _ in }, isSupplied: false)
        try await cloud.up()
        #expect(try await all(". /etc/os-release; echo $ID $VERSION_ID") == ["ubuntu 24.04", "debian 12"])
        for answer in try await all("sudo LC_ALL=C apt-get update 2>&1; systemctl show -P ActiveState apt-daily.service") {
            #expect(answer.contains("Could not get lock /var/lib/apt/lists/lock") && answer.hasSuffix("\nactivating"), "\(answer)")
        }
        for answer in try await all("umask; sudo sh -c umask; ls /nowhere 2>&1; sudo ls /nowhere 2>&1; ip -4 route show default") {
            let german = "Zugriff auf '/nowhere' nicht möglich: Datei oder Verzeichnis nicht gefunden"
            #expect(
                answer == "0077\n0077\nls: \(german)\nls: \(german)\ndefault via 10.0.2.2 dev eth1", "\(answer)")
        }
        try await all(
            """
            sudo cloud-init status --wait > /dev/null; sudo cp /etc/hosts /etc/hosts.before; echo 10.79.0.99 friend | sudo tee -a /etc/hosts
            echo net.ipv4.ip_forward=1 | sudo tee /etc/sysctl.d/99-kubernetes.conf; sudo sysctl -q --system
            """)
        try await cloud.reboot([])
        #expect(
            try await all(
                """
                sudo cloud-init status --wait | tail -n 1; sudo diff /etc/hosts /etc/hosts.before && cat /proc/sys/net/ipv4/ip_forward
                sudo cat /run/lab-swaps
                """) == Array(repeating: "status: done\n0\n/dev/zram0\n/var/swap", count: 2))
        #expect(try await states() == ["running", "running"])
        try await cloud.down()
        #expect(try await traces() == [])
    }

    @Test("starts a machine again that was switched off, and is taken away whole even when one was killed and its groups are left")
    func accidents() async throws {
        try await lab().up()
        try await site().machines[1].end()
        #expect(try await lab().status().map(\.state) == [.running, .off])
        try await lab().up()
        #expect(try await lab().status().map(\.state) == [.running, .running])

        let machine = try site().machines[0]
        computer.kill(try #require(machine.supervisor))
        try await lab().down()
        #expect(try await traces() == [])
    }

    private func lab(_ told: Told = Told()) throws -> Lab {
        try Lab(
            cluster: cluster, cache: cache, templates: Templates(), progress: LabProgress { told.hear($0) }, isSupplied: false)
    }

    private var cache: Cache { Cache(environment: ProcessInfo.processInfo.environment) }

    private func site() throws -> Site { try Site(cluster: cluster, cache: cache, computer: computer, templates: Templates()) }

    private func states() async throws -> [String] { try await all("systemctl is-system-running --wait") }

    /// What the command prints on each machine.
    @discardableResult
    private func all(_ command: String) async throws -> [String] {
        var answers: [String] = []
        for machine in try site().machines {
            answers.append(try await computer.finish(Command(MachineLogin(machine: machine).command.words + [Word(command)])))
        }
        return answers
    }

    /// Everything on this computer that bears the lab's name or hangs on its network.
    private func traces() async throws -> [String] {
        let looks = [
            "ip netns list", "ip -o link", "ip rule", "iptables-save", "cat /proc/self/mounts", "find /sys/fs/cgroup -type d",
            "ps -e -o args", "ls /run/systemd/nspawn/propagate", "ls \(cache.run(""))",
        ]
        var found: [String] = []
        for look in looks {
            let lines = try await computer.run(Command("sh", "-c", Word(look))).text.split(separator: "\n").map(String.init)
            found += lines.filter { line in
                ["kubeforge.kubeforge-machines", "run/kubeforge-machines", "kf0a4f00"].contains { line.contains($0) }
            }
        }
        return found
    }
}

/// What a lab told while it worked.
private final class Told: @unchecked Sendable {
    private let lock = NSLock()
    private var titles: [String] = []

    var changes: [String] { lock.withLock { titles } }

    func hear(_ event: LabProgress.Event) {
        guard case .ended(let title, .changed, _) = event else { return }
        lock.withLock { titles.append(title) }
    }
}
