import ForgeCore
import ForgePlan

/// A systemd unit has the inventory's proxy in its environment, or none of kubeforge's. It reads it when it starts.
struct ServiceProxy {
    let unit: String
    let proxy: Proxy?

    /// Of drop-ins: a file that comes or goes changes its time, so the unit is restarted.
    var folder: String { "/etc/systemd/system/\(unit).d" }

    private var path: String { folder + "/kubeforge-proxy.conf" }

    var step: any Step {
        guard let proxy else { return FileIsAbsent(path, title: "\(unit) has no proxy of kubeforge's") }
        let name = proxy.https ?? proxy.http ?? ""
        return FileIs(RemoteFile(path, Self.text(proxy)), title: "\(unit) goes out through \(name)")
    }

    /// Upper case suffices for programs written in Go. In a unit % is special, and a quoted value may hold anything
    /// else of a URL.
    private static func text(_ proxy: Proxy) -> String {
        let values = proxy.assignments.filter { $0.first?.isUppercase == true }
        let lines = values.map { "Environment=\"\($0.replacing("%", with: "%%"))\"\n" }
        return "# Written by kubeforge.\n[Service]\n" + lines.joined()
    }
}
