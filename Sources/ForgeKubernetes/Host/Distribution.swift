import ForgeCore
import ForgeInventory
import ForgePlan

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
        self.init(
            id: values["ID"] ?? "unknown", version: values["VERSION_ID"] ?? "",
            codename: values["VERSION_CODENAME"] ?? "")
    }

    /// What its packages come by.
    var packageManager: PackageManager { .apt }

    /// The name as people say it, and as the inventory's errors do: `Debian 12`, `Ubuntu 24.04`.
    package var name: String { "\(id.prefix(1).uppercased())\(id.dropFirst()) \(version)" }

    /// What kubeforge is made for and its code has been read against.
    package static let all = [
        Distribution(id: "debian", version: "12", codename: "bookworm"),
        Distribution(id: "debian", version: "13", codename: "trixie"),
        Distribution(id: "ubuntu", version: "22.04", codename: "jammy"),
        Distribution(id: "ubuntu", version: "24.04", codename: "noble"),
        Distribution(id: "ubuntu", version: "26.04", codename: "resolute"),
    ]

    /// Why it is not one of them, where that can be said: by name.
    static let retired = [
        "Ubuntu 20.04": "its support ended in May 2025", "Debian 11": "its support ended in August 2026",
    ]

    /// Debian 13 checks signatures with sqv, which takes no signature packets of version 3 since 2026-02-01.
    /// Kubernetes' repositories of 1.31 and older have no other, and are not signed any more
    /// (kubernetes/kubernetes#133098, kubernetes/release#3869).
    func acceptsSignature(of version: Version) -> Bool {
        id != "debian" || self.version != "13" || version.isAtLeast(1, 32)
    }
}
