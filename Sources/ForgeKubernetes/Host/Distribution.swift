import ForgeCore
import ForgeInventory

/// A Linux distribution, as /etc/os-release names it.
package struct Distribution: Sendable, Hashable {
    /// `debian`, `ubuntu`.
    package var id: String
    /// `12`, `24.04`.
    package var version: String
    /// `bookworm`, `noble`.
    package var codename: String

    package init(id: String, version: String, codename: String) {
        self.id = id
        self.version = version
        self.codename = codename
    }

    init(osRelease values: [String: String]) {
        self.init(id: values["ID"] ?? "unknown", version: values["VERSION_ID"] ?? "", codename: values["VERSION_CODENAME"] ?? "")
    }

    package var name: String { "\(id.prefix(1).uppercased())\(id.dropFirst()) \(version)" }

    /// What kubeforge is made for and its code has been read against.
    package static let all = [
        Distribution(id: "debian", version: "12", codename: "bookworm"),
        Distribution(id: "debian", version: "13", codename: "trixie"),
        Distribution(id: "ubuntu", version: "20.04", codename: "focal"),
        Distribution(id: "ubuntu", version: "22.04", codename: "jammy"),
        Distribution(id: "ubuntu", version: "24.04", codename: "noble"),
    ]
}
