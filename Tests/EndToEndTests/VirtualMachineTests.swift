import Foundation
import Synchronization
import Testing

/// What a person does with one machine that has a kernel, control groups, swap and reboots of its own; each test stands
/// on the one before.
/// Emulated, where KVM cannot be used, it takes up to 20 minutes on two cores.
@Suite(
    "From one bare virtual machine to a model that answers", .serialized,
    .enabled(if: TestLab.isWanted, "KUBEFORGE_WITHOUT_LAB is set"))
struct VirtualMachineTests {
    private static let steps = Steps()
    private let lab: TestLab

    init() throws {
        lab = try TestLab(cluster: "kubeforge-vm", network: "10.85.0") { inventory in
            inventory.hosts = [("kubmaster", "10.85.0.11", "control-plane, schedulable: true")]
            inventory.distributions = ["kubmaster": "debian-13"]
            inventory.driver = "vm"
            // An emulated processor trains the default models for a quarter of an hour.
            inventory.service = try OwnData.write(to: inventory.directory)
        }
    }

    @Test("lab up starts it, and real cloud-init sets it up")
    func up() async throws {
        try await step("lab up", "lab", "up", lab.inventory.path)
        #expect(try await machine("cloud-init status --wait | tail -n 1; hostname") == "status: done\ndebian")
        let computer = try await lab.asRoot("uname -r").output
        let kernel = try await machine("uname -r")
        #expect(kernel + "\n" != computer, "its kernel is its own")
        #expect(try await machine("stat -fc %T /sys/fs/cgroup") == "cgroup2fs")
        #expect(try await machine("cut -d ' ' -f 1 /proc/swaps | tail -n +2 | sort").contains("/swap.img"), "it swaps")
        #expect(try await machine("head -n 1 /etc/hosts").hasPrefix("# Your system has configured 'manage_etc_hosts'"))
        #expect(try await machine("ip -br -4 address show to 10.85.0.0/24 | cut -d ' ' -f 1 | tr -d 0-9") == "ens")
        let about = try await machine(
            "uname -r; . /etc/os-release; echo $PRETTY_NAME; stat -fc %T /sys/fs/cgroup; systemd-detect-virt")
        Self.steps.describe(about.split(separator: "\n").map(String.init))
    }

    @Test("lab status and shell find it")
    func verbs() async throws {
        #expect(try await state() == "running")
        #expect(try await lab.kubeforge("lab", "shell", "--inventory", lab.inventory.path, "kubmaster").exitCode == 0)
    }

    /// Of the one machine, as `lab status` tells it.
    private func state() async throws -> String? {
        let status = try await lab.kubeforge("lab", "status", lab.inventory.path, "--output", "json")
        return try status.events("machine").first?.state
    }

    @Test("provision makes the node Ready, and swap is off")
    func provision() async throws {
        try await step("provision", "provision", lab.inventory.path)
        #expect(try await machine("kubectl get nodes --no-headers | awk '{print $1, $2}'") == "kubmaster Ready")
        #expect(try await machine("tail -n +2 /proc/swaps") == "")
    }

    @Test("after a reboot it is the same machine without swap, and its node is Ready by itself")
    func reboot() async throws {
        let boot = try await machine("cat /proc/sys/kernel/random/boot_id")
        try await step("lab reboot", "lab", "reboot", "--inventory", lab.inventory.path)
        #expect(try await machine("cat /proc/sys/kernel/random/boot_id") != boot)
        try await machine(
            """
            timeout 600 sh -c 'until kubectl wait --for=condition=Ready node/kubmaster --timeout=300s; do sleep 2; done'
            """
        )
        #expect(try await machine("tail -n +2 /proc/swaps") == "")
        #expect(try await machine("getent hosts kubmaster | awk '{print $1}'") == "10.85.0.11")
        // Pods are still starting after a reboot, which the first run waits for.
        try await step("provision after the reboot", "provision", lab.inventory.path)
        let again = try await step("provision again", "provision", lab.inventory.path, "--output", "json")
        #expect(try again.events().filter { $0.outcome == "changed" }.compactMap(\.title) == [])
    }

    @Test("deploy makes the service answer")
    func deploy() async throws {
        try await step("deploy", "deploy", lab.inventory.path, "--timeout", "15m")
        let answer = try await lab.curl("http://10.85.0.11:30080/prediction/23")
        #expect(answer.output.contains("\"lda\""), "\(answer.everything)")
    }

    @Test("smoke-test compares every answer with what training said")
    func smokeTest() async throws {
        try await step("smoke-test", "smoke-test", lab.inventory.path)
    }

    @Test("a machine whose QEMU is killed is off, and its disk and its process are gone after lab down")
    func down() async throws {
        let group = "kubeforge.kubeforge-vm.kubmaster"
        let found = try await lab.asRoot(
            "find /sys/fs/cgroup -path '*\(group)*' -name cgroup.procs -exec cat {} + | sort -u")
        for process in found.output.split(separator: "\n") { _ = try await lab.asRoot("kill -9 \(process)") }
        while try await state() != "off" {
            try await Task.sleep(for: .milliseconds(100))
        }
        try await step("lab down", "lab", "down", lab.inventory.path)
        #expect(try await state() == "absent")
        let traces = try await lab.asRoot(
            """
            ip -o link | grep kf0a5500; find /sys/fs/cgroup -name 'kubeforge.kubeforge-vm.*'; ls -d \
            ~root/.cache/kubeforge/lab/run/kubeforge-vm; true
            """
        )
        #expect(traces.output == "")
        Self.steps.print()
        try FileManager.default.removeItem(at: lab.directory)
    }

    @discardableResult
    private func step(_ name: String, _ arguments: String...) async throws -> Finished {
        let start = ContinuousClock.now
        let run = try await lab.kubeforge(arguments)
        Self.steps.add(name, seconds: (ContinuousClock.now - start).components.seconds, isDone: run.exitCode == 0)
        try #require(run.exitCode == 0, "\(name): \(run.everything)")
        return run
    }

    /// What the command prints on the machine.
    @discardableResult
    private func machine(_ line: String) async throws -> String {
        let answer = try await lab.ssh("kubmaster", line)
        try #require(answer.exitCode == 0, "\(line): \(answer.everything)")
        return answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What is told at the end, as the README shows it.
    private final class Steps: Sendable {
        private let lines = Mutex<[String]>([])

        func add(_ name: String, seconds: Int64, isDone: Bool) {
            lines.withLock { $0.append("| \(name) | \(isDone ? "\(seconds) s" : "failed after \(seconds) s") |") }
        }

        func describe(_ about: [String]) {
            let titles = ["kernel", "distribution", "control groups", "run by"]
            lines.withLock { $0 += zip(titles, about).map { "| \($0) | \($1) |" } }
        }

        func print() {
            Swift.print((["| step | result |", "| --- | --- |"] + lines.withLock { $0 }).joined(separator: "\n"))
        }
    }
}
