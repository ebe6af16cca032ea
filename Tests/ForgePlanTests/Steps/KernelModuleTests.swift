import ForgeCore
import ForgePlan
import ForgeTestSupport
import Testing

@Suite("A kernel module")
struct KernelModuleTests {
    private let step = KernelModule("br_netfilter")
    private static let path = "/etc/modules-load.d/kubeforge-br_netfilter.conf"
    private static let kept = Answer.file(FileState(sha256: SHA256.hex("br_netfilter\n")))

    @Test("is there now and after a reboot")
    func differences() {
        #expect(step.texts([.module("br_netfilter"): .module(isThere: true), .file(Self.path): Self.kept]) == [])
        #expect(
            step.texts([.module("br_netfilter"): .module(isThere: false), .file(Self.path): .file(nil)]) == [
                "br_netfilter is not loaded", "\(Self.path) is missing",
            ])
    }

    @Test("is loaded when it is not there")
    func loaded() async throws {
        let (machine, transport) = Example.machine(answering: frame("", code: 1)) { _ in Output() }
        try await step.apply(to: machine)
        #expect(await transport.changes.last == "modprobe -- br_netfilter")
    }

    @Test("that is built in, or there already, is only written down")
    func written() async throws {
        let (machine, transport) = Example.machine(answering: frame("")) { _ in Output() }
        try await step.apply(to: machine)
        #expect(await transport.changes.count == 1)
    }

    @Test("that will not load says what to do")
    func fails() async {
        let (machine, _) = Example.machine(answering: frame("", code: 1)) { command in
            command.line.hasPrefix("modprobe")
                ? .failed(1, "modprobe: FATAL: Module br_netfilter not found in directory /lib/modules/6.1.0\n")
                : Output()
        }
        await #expect(
            throws: Problem(
                what: "kubnode: `sudo modprobe -- br_netfilter` failed with exit code 1",
                why: "modprobe: FATAL: Module br_netfilter not found in directory /lib/modules/6.1.0",
                fix:
                    """
                    the kernel of kubnode lacks br_netfilter: install its modules package (linux-modules-extra-$(uname \
                    -r) on Ubuntu), or boot its newest kernel
                    """
            )
        ) { try await step.apply(to: machine) }
    }
}

extension KernelModuleTests {
    @Test("that a container lacks is loaded on its host")
    func container() async {
        let (machine, _) = Example.machine(answering: frame("", code: 1)) { command in
            command.line.hasPrefix("modprobe")
                ? .failed(1, "modprobe: FATAL: Module br_netfilter not found\n") : Output()
        }
        let problem = await #expect(throws: Problem.self) {
            try await KernelModule("br_netfilter", isContainer: true).apply(to: machine)
        }
        #expect(
            problem?.fix == """
                kubnode is a container, and has the kernel of the computer that it runs on: there `sudo modprobe \
                br_netfilter`, and `echo br_netfilter | sudo tee /etc/modules-load.d/br_netfilter.conf` for its next \
                boot
                """)
    }

    @Test("whose settings cannot be changed says why, or where they can be", arguments: [true, false])
    func refusedSettings(isContainer: Bool) async {
        let (machine, _) = Example.machine { command in
            command.line.hasPrefix("sysctl") ? .failed(255, "sysctl: permission denied on key\n") : Output()
        }
        let values = ["net.ipv4.ip_forward": "1"]
        let step =
            isContainer
            ? Sysctls(values, title: "packets are forwarded", isContainer: true)
            : Sysctls(values, title: "packets are forwarded")
        let problem = await #expect(throws: Problem.self) { try await step.apply(to: machine) }
        let there = """
            kubnode is a container: a key that is not there, or that it may not set, belongs to the computer that it \
            runs on; load the kernel module or set the key there
            """
        let here = "a key that is not there belongs to a kernel module that is not loaded"
        #expect(problem?.fix == (isContainer ? there : here))
    }
}
