import ForgeCore
import ForgePlan

/// A setting that lets a service turn swap on at each boot, where the service has other work that goes on without swap.
enum SwapSetting: CaseIterable {
    /// armbian-zram-config.service also puts /var/log and /tmp on compressed memory.
    case armbian
    /// The agent by which Azure manages the machine.
    case azure

    /// Where it is set.
    var path: String {
        switch self {
        case .armbian: "/etc/default/armbian-zram-config"
        case .azure: "/etc/waagent.conf"
        }
    }

    /// Who turns swap on.
    var service: String {
        switch self {
        case .armbian: "armbian-zram-config.service"
        case .azure: "Azure's agent"
        }
    }

    var difference: Difference { "\(path) lets \(service) turn swap on at boot" }

    /// Whether swap comes back by a file of this text.
    func isOn(_ text: String) -> Bool {
        let setting = value(of: key, in: text)
        let isWanted =
            switch self {
            case .armbian: ["", "true"].contains(setting ?? "")
            case .azure: setting?.lowercased() == "y"
            }
        return isUsed(text) && isWanted
    }

    /// Whether a file of this text lets the service do any of its work.
    func isUsed(_ text: String) -> Bool {
        switch self {
        case .armbian: value(of: "ENABLED", in: text) == "true"
        case .azure: true
        }
    }

    /// The text with the setting off, and all else as it is.
    func off(_ text: String) -> String {
        let off = "\(key)=\(self == .armbian ? "false" : "n")"
        let lines = text.unixLines
        if lines.contains(where: { assignment($0)?.key == key }) {
            return lines.map { assignment($0)?.key == key ? off : $0 }.joined(separator: "\n")
        }
        return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + off + "\n"
    }

    private var key: String {
        switch self {
        case .armbian: "SWAP"
        case .azure: "ResourceDisk.EnableSwap"
        }
    }

    /// The last line decides: the shell assigns one after the other, and so does the agent.
    private func value(of key: String, in text: String) -> String? {
        text.unixLines.compactMap(assignment).last { $0.key == key }?.value
    }

    /// As the shell reads such a line, and the agent, which takes spaces before the `=`, too (azurelinuxagent/common/
    /// conf.py).
    private func assignment(_ line: String) -> (key: String, value: String)? {
        let parts = line.prefix { $0 != "#" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let key = parts[0].trimming(while: \.isWhitespace)
        let name = key.hasPrefix("export ") ? key.dropFirst("export ".count).trimming(while: \.isWhitespace) : key
        return (name, parts[1].trimming { $0.isWhitespace || $0 == "\"" || $0 == "'" })
    }
}
