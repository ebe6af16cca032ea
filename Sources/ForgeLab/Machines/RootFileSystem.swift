import ForgeCore
import ForgeInventory
import ForgeTemplates

/// A distribution as small as a machine can be: made once, then the lower layer of the overlay of every machine with
/// this installation.
struct RootFileSystem: Sendable {
    static let packages = [
        "systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "ca-certificates", "curl", "gnupg", "iproute2",
        "iputils-ping",
        "procps", "kmod", "udev", "mount", "python3-minimal",
    ]

    let layout: LabLayout
    let installation: Installation
    /// All that is in it from the beginning; what these need comes with them.
    let packages: [String]
    private let script: String

    init(_ layout: LabLayout, _ installation: Installation) throws(Problem) {
        self.layout = layout
        self.installation = installation
        let habits = installation.profile == .cloud ? Habits(layout.templates).packages : []
        packages = Self.packages + habits + layout.cluster.lab.driver.packages
        script = try layout.templates["lab/machine/make-rootfs"].text
    }

    /// Named after what makes it, so that a change makes a new one and leaves the old one to the machines that stand on
    /// it.
    var folder: String {
        let made = script + installation.distribution.debian + packages.joined(separator: " ")
        return "\(layout.cache.rootFileSystems)/\(SHA256.hex(made).prefix(16))"
    }

    func make(progress: LabProgress) async throws {
        let title = "the root file system of \(installation.title) is made"
        // What an mmdebstrap that was killed has left, before it had mounts of its own.
        for folder in [folder, "\(folder).new"] { try await Mounts.unmount(below: folder, layout.computer) }
        guard !layout.computer.exists(folder) else { return progress.unchanged(title) }
        try await progress.during(title, usually: "50 s, once") {
            _ = try await layout.computer.finish(command, fix: "see that `apt-get update` works on this computer") {
                progress.say($0.text)
            }
        }
    }

    /// Long, because it may wait for another kubeforge that makes the same.
    var command: Command {
        let arguments = [folder, installation.distribution.debian, packages.joined(separator: ",")].map { Word($0) }
        return Command(Mounts.ownNamespace + ["sh", "-c", Word(script), "make-rootfs"] + arguments).within(
            .seconds(3600))
    }
}
