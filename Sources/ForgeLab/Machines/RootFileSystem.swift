import ForgeCore
import ForgeTemplates

/// Debian 12 as small as a machine can be: made once, then the lower layer of every machine's overlay.
struct RootFileSystem: Sendable {
    static let packages = [
        "systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "ca-certificates", "curl", "gnupg", "iproute2", "iputils-ping",
        "procps",
        "kmod", "udev", "mount", "python3-minimal",
    ]

    let site: Site
    private let script: String

    init(_ site: Site) throws(Problem) {
        self.site = site
        script = try site.templates["lab/machine/make-rootfs"].text
    }

    /// Named after what makes it, so that a change makes a new one and leaves the old one to the machines that stand on it.
    var folder: String {
        "\(site.cache.rootFileSystems)/\(SHA256.hex(script + Self.packages.joined(separator: " ")).prefix(16))"
    }

    func make(progress: LabProgress) async throws {
        let title = "the root file system is made"
        guard !site.computer.exists(folder) else { return progress.alreadySo(title) }
        try await progress.during(title, usually: "50 s, once") {
            let command = Command("sh", "-c", Word(script), "make-rootfs", Word(folder), Word(Self.packages.joined(separator: ",")))
            try await site.computer.finish(command, fix: "see that `apt-get update` works on this computer") { progress.say($0.text) }
        }
    }
}
