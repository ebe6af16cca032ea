import ForgeCore

/// The host's end of a virtual machine's network, on the bridge. It has the name that a cable of systemd-nspawn's
/// machine would have.
struct Tap: Sendable {
    let network: LabNetwork
    let host: Host
    let computer: LocalHost

    var name: String { network.vethPair(host) }

    /// In QEMU's range, then the last bytes of the address: no two machines of a lab have the same.
    var hardwareAddress: String {
        let bytes = [24, 16, 8, 0].map { host.address.bits >> $0 & 255 }
        return (["52:54"] + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }).joined(separator: ":")
    }

    /// From nothing: whatever half of it a killed `up` left is taken away first.
    func make() async throws {
        try await NetworkLink(name: name, computer: computer).remove()
        for command in commands { try await computer.finish(command) }
    }

    var commands: [Command] {
        [
            Command("ip", "tuntap", "add", "dev", Word(name), "mode", "tap"),
            Command("ip", "link", "set", Word(name), "master", Word(network.bridge), "up"),
        ]
    }
}
