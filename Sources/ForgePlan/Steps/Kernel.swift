import ForgeCore

/// A kernel module is there, now and after a reboot.
package struct KernelModule: Step {
    /// As `modprobe` takes it: `br_netfilter`.
    package let name: String

    package init(_ name: String) { self.name = name }

    package var title: String { "kernel module \(name) is loaded" }

    package var questions: [Question] { [.module(name), .file(file.path)] }

    /// Told apart: the module that is missing now, and the file that loads it at boot.
    package func differences(given answers: Answers) -> [Difference] {
        (answers.hasModule(name) ? [] : ["\(name) is not loaded"]) + FileIs(file).differences(given: answers)
    }

    private var file: RemoteFile { RemoteFile("/etc/modules-load.d/kubeforge-\(name).conf", name + "\n") }

    /// The file first, then `modprobe`, unless the kernel has the module already. Throws where the kernel lacks it.
    package func apply(to machine: Machine) async throws {
        try await machine.write(file)
        if try await !machine.ask([.module(name)]).hasModule(name) {
            try await machine.run(
                Command("modprobe", "--", Word(name)).asRoot(),
                fix:
                    """
                    the kernel of \(machine.host.name) lacks \(name): install its modules package \
                    (linux-modules-extra-$(uname -r) on Ubuntu), or boot its newest kernel
                    """
            )
        }
    }
}
