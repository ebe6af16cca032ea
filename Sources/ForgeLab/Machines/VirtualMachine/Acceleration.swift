import ForgeCore

/// How QEMU runs a machine's instructions.
enum Acceleration: Sendable, Hashable {
    /// By the processor itself.
    case kvm
    /// By translating them, with the reason why KVM cannot be used.
    case emulation(String)

    var words: [Word] {
        switch self {
        case .kvm: ["-accel", "kvm", "-cpu", "host"]
        case .emulation: ["-accel", "tcg,thread=multi", "-cpu", "max"]
        }
    }

    /// What is said of the machine; nil where nothing has to be said.
    var warning: String? {
        guard case .emulation(let why) = self else { return nil }
        return "is emulated, which takes some ten times as long, because KVM cannot be used: \(why)"
    }

    /// By its effect: a kernel that gets as far as its first words with KVM. /dev/kvm can be there, and open, and yet
    /// start nothing.
    static func find(kernel: String, _ layout: LabLayout) async throws -> Acceleration {
        guard layout.computer.exists("/dev/kvm") else { return .emulation("there is no /dev/kvm") }
        let trial = try await layout.computer.run(Command("sh", "\(layout.files)/vm/try-kvm", Word(kernel)))
        // Not what a shell says of a program that aborted.
        return trial.isSuccess ? .kvm : .emulation(trial.text.trimming(while: \.isWhitespace))
    }
}
