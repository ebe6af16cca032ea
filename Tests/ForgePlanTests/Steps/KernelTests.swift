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
