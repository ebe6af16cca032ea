import ForgeCore

/// A kernel module is there, now and after a reboot.
package struct KernelModule: Step {
    /// The name as `modprobe` takes it: `br_netfilter`.
    package let name: String
    private let isContainer: Bool

    /// `isContainer`: whether the machine is one, so that its kernel is its host's.
    package init(_ name: String, isContainer: Bool = false) {
        self.name = name
        self.isContainer = isContainer
    }

    package var title: String { "kernel module \(name) is loaded" }

    package var questions: [Question] { [.module(name), .file(file.path)] }

    /// Told apart: the module that is missing now, and the file that loads it at boot.
    package func differences(given answers: Answers) -> [Difference] {
        (answers.hasModule(name) ? [] : ["\(name) is not loaded"]) + FileIs(file).differences(given: answers)
    }

    private var file: RemoteFile { RemoteFile(Self.path(of: name), name + "\n") }

    /// Of the file that loads the module at boot.
    package static func path(of name: String) -> String { "/etc/modules-load.d/kubeforge-\(name).conf" }

    /// The file first, then `modprobe`, unless the kernel has the module already. Throws where the kernel lacks it.
    package func apply(to machine: Machine) async throws {
        try await machine.write(file)
        if try await !machine.ask([.module(name)]).hasModule(name) {
            try await machine.run(
                Command("modprobe", "--", Word(name)).asRoot(), fix: fix(machine.host.name))
        }
    }

    private func fix(_ host: String) -> String {
        isContainer
            ? """
            \(host) is a container, and has the kernel of the computer that it runs on: there `sudo modprobe \(name)`, \
            and `echo \(name) | sudo tee /etc/modules-load.d/\(name).conf` for its next boot
            """
            : """
            the kernel of \(host) lacks \(name): install its modules package (linux-modules-extra-$(uname -r) on \
            Ubuntu), or boot its newest kernel
            """
    }
}

/// Kernel settings have these values, now and after a reboot.
package struct Sysctls: Step {
    /// What the values are for: `the kernel forwards and filters bridged packets`.
    package let title: String
    /// The values by key, as /proc/sys prints them: `["net.ipv4.ip_forward": "1"]`.
    package let values: [String: String]
    private let file: RemoteFile
    private let boot: BootSysctls
    private let isContainer: Bool

    /// systemd-sysctl reads the files of all directories in the order of their names, and the last one that names a key
    /// wins. A hardened /etc/sysctl.conf is read as `99-sysctl.conf`. `isContainer`: as for `KernelModule`.
    package init(
        _ values: [String: String], title: String, in path: String = "/etc/sysctl.d/zz-kubeforge.conf",
        isContainer: Bool = false
    ) {
        self.title = title
        self.isContainer = isContainer
        self.values = values
        file = RemoteFile(path, values.inOrder.map { "\($0.key) = \($0.value)\n" }.joined())
        boot = BootSysctls(keys: Set(values.keys))
    }

    package var questions: [Question] {
        values.keys.sorted().map(Question.sysctl) + [.file(file.path), .file(Self.oldPath), boot.question]
    }

    /// Differences of the running kernel, of the file, and of files of others that would win at the next boot.
    package func differences(given answers: Answers) -> [Difference] {
        let wrong = values.inOrder.compactMap { key, value -> Difference? in
            let now = answers.sysctl(key)
            return now == value ? nil : Difference(key, from: now ?? "not there", to: value)
        }
        let old: [Difference] = answers.file(Self.oldPath) == nil ? [] : ["\(Self.oldPath) is still there"]
        return wrong + FileIs(file).differences(given: answers) + old + overruled(answers)
    }

    /// Writes the file and loads it. Throws where another file that sorts later would overrule it at the next boot.
    package func apply(to machine: Machine) async throws {
        try await machine.write(file)
        try await machine.run(Command("rm", "-f", "--", Word(Self.oldPath)).asRoot())
        try await machine.run(
            Command("sysctl", "-p", Word(file.path)).asRoot(),
            fix: isContainer
                ? """
                \(machine.host.name) is a container: a key that is not there, or that it may not set, belongs to the \
                computer that it runs on; load the kernel module or set the key there
                """
                : "a key that is not there belongs to a kernel module that is not loaded")
        let overruled = overruled(try await machine.ask([boot.question]))
        guard overruled.isEmpty else {
            throw Problem(
                what: "\(machine.host.name): a file of its own overrides \(file.path) at the next boot",
                why: overruled.map(\.text).joined(separator: "\n"),
                fix: "remove these lines there, or rename that file so that it sorts first")
        }
    }

    /// Files of others that would win at boot, with what they say.
    private func overruled(_ answers: Answers) -> [Difference] {
        let winners = boot.winners(answers)
        return values.inOrder.compactMap { key, value in
            guard let winner = winners[key], winner.value != value else { return nil }
            return "\(winner.file) sets \(key) to \(winner.value) at boot"
        }
    }

    /// What kubeforge wrote before it knew of 99-sysctl.conf, which sorts after it.
    private static let oldPath = "/etc/sysctl.d/99-kubeforge.conf"
}

/// Kernel settings are at least so high, unless somebody has set them on purpose: another file of sysctl.d goes before
/// this one.
package struct SysctlMinimums: Step {
    /// What the values are for: `the kernel lets many programs watch files`.
    package let title: String
    /// The lowest value of each key that is high enough.
    package let values: [String: Int]
    private let file: RemoteFile
    private let boot: BootSysctls

    package init(_ values: [String: Int], title: String, in path: String = "/etc/sysctl.d/10-kubeforge.conf") {
        self.title = title
        self.values = values
        file = RemoteFile(path, values.inOrder.map { "\($0.key) = \($0.value)\n" }.joined())
        boot = BootSysctls(keys: Set(values.keys))
    }

    package var questions: [Question] { values.keys.sorted().map(Question.sysctl) + [.file(file.path), boot.question] }

    /// None for a key that another file sets, even to a lower value.
    package func differences(given answers: Answers) -> [Difference] {
        let winners = boot.winners(answers)
        let low = values.inOrder.compactMap { key, value -> Difference? in
            let now = answers.sysctl(key)
            let isTheirs = winners[key].map { $0.file != file.path } ?? false
            return isTheirs || now.flatMap { Int($0) } ?? 0 >= value
                ? nil : Difference(key, from: now ?? "not there", to: value)
        }
        return low + FileIs(file).differences(given: answers)
    }

    /// Only what is too low is set now: the kernel's own default grows with the memory.
    package func apply(to machine: Machine) async throws {
        let answers = try await machine.ask(questions)
        try await machine.write(file)
        let winners = boot.winners(answers)
        for (key, value) in values.inOrder
        where answers.sysctl(key).flatMap({ Int($0) }) ?? 0 < value {
            if let winner = winners[key], winner.file != file.path { continue }
            try await machine.run(Command("sysctl", "-w", "\(key)=\(value)").asRoot())
        }
    }
}

extension Dictionary where Key == String {
    /// By key: what is written and told is the same every time.
    fileprivate var inOrder: [Element] { sorted { $0.key < $1.key } }
}

/// Which file sets a kernel setting last when the machine starts.
private struct BootSysctls {
    let keys: Set<String>

    struct Winner: Equatable {
        let file: String
        let value: String
    }

    /// A line with a path and no more is where a file begins; sysctl.conf itself begins with a comment that looks like
    /// it. systemd-sysctl itself says what it reads, in its order; it is not in PATH. All steps ask the same, so it
    /// runs once.
    let question = Question.command(
        "PATH=$PATH:/usr/lib/systemd:/lib/systemd systemd-sysctl --cat-config | grep -e '^# /[^ ]*$' -e '^[^#;].*='")

    /// By key; a key that no file sets has none.
    func winners(_ answers: Answers) -> [String: Winner] {
        guard case .command(let look) = question else { return [:] }
        var file = ""
        var winners: [String: Winner] = [:]
        for line in answers.command(look).text.linesToRead {
            let path = line.dropFirst(2)
            if line.hasPrefix("# /"), !path.contains(" ") { file = String(path) }
            guard let (key, value) = Self.assignment(line), keys.contains(key) else { continue }
            winners[key] = Winner(file: file, value: value)
        }
        return winners
    }

    /// `net.ipv4.ip_forward = 1`, `net/ipv4/ip_forward=1`, and with a `-` before it: a failure is not told then
    /// (sysctl.d(5)).
    private static func assignment(_ line: String) -> (key: String, value: String)? {
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, !line.hasPrefix("#"), !line.hasPrefix(";") else { return nil }
        let key = parts[0].trimming { $0.isWhitespace }.drop { $0 == "-" }
        let value = parts[1].trimming { $0.isWhitespace }
        // The first separator decides: with a slash, dots are part of a name.
        let isPath = key.first { $0 == "." || $0 == "/" } == "/"
        let name = isPath ? key.map { $0 == "/" ? "." : String($0) }.joined() : String(key)
        return (otherNames[name] ?? name, value)
    }

    /// Two names for one setting: whoever writes one writes the other (net/ipv4/devinet.c).
    private static let otherNames = ["net.ipv4.conf.all.forwarding": "net.ipv4.ip_forward"]
}
