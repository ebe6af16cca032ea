import ForgeCore

/// A kernel module is there, now and after a reboot.
package struct KernelModule: Step {
    package let name: String

    package init(_ name: String) { self.name = name }

    package var title: String { "kernel module \(name) is loaded" }

    package var questions: [Question] { [.module(name), .file(file.path)] }

    package func differences(given answers: Answers) -> [Difference] {
        (answers.hasModule(name) ? [] : ["\(name) is not loaded"]) + FileIs(file).differences(given: answers)
    }

    private var file: RemoteFile { RemoteFile("/etc/modules-load.d/kubeforge-\(name).conf", name + "\n") }

    package func apply(to machine: Machine) async throws {
        try await machine.write(file)
        if try await !machine.ask([.module(name)]).hasModule(name) {
            try await machine.run(
                Command("modprobe", "--", Word(name)).asRoot(),
                fix:
                    "the kernel of \(machine.host.name) lacks \(name): install its modules package (linux-modules-extra-$(uname -r) on Ubuntu), or boot its newest kernel"
            )
        }
    }
}

/// Kernel settings have these values, now and after a reboot.
package struct Sysctls: Step {
    package let values: [String: String]
    private let file: RemoteFile

    package init(_ values: [String: String], in path: String = "/etc/sysctl.d/99-kubeforge.conf") {
        self.values = values
        file = RemoteFile(path, values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)\n" }.joined())
    }

    package var title: String { "the kernel forwards and filters bridged packets" }

    package var questions: [Question] { values.keys.sorted().map(Question.sysctl) + [.file(file.path)] }

    package func differences(given answers: Answers) -> [Difference] {
        let wrong = values.sorted { $0.key < $1.key }.compactMap { key, value -> Difference? in
            let now = answers.sysctl(key)
            return now == value ? nil : Difference(key, from: now ?? "not there", to: value)
        }
        return wrong + FileIs(file).differences(given: answers)
    }

    package func apply(to machine: Machine) async throws {
        try await machine.write(file)
        try await machine.run(
            Command("sysctl", "-p", Word(file.path)).asRoot(), fix: "a key that is not there belongs to a kernel module that is not loaded")
    }
}
