import ForgeInventory

/// What a machine is installed with: machines of the same installation share a root file system.
struct Installation: Sendable, Hashable {
    let distribution: LabSettings.Distribution
    let profile: LabSettings.Profile

    /// "debian-13", "debian-12 with the habits of cloud images".
    var title: String { distribution.rawValue + (profile == .cloud ? " with the habits of cloud images" : "") }
}

extension LabSettings {
    func installation(of host: String) -> Installation {
        Installation(distribution: distribution(of: host), profile: profile(of: host))
    }
}

extension LabSettings.Distribution {
    /// The release of Debian that its packages are from.
    var debian: String { self == .debian12 ? "bookworm" : "trixie" }

    /// What /etc/os-release says.
    var codename: String { self == .ubuntuStandIn ? "noble" : debian }

    /// The folder of its packages, on the servers of its makers and Docker's.
    var id: String { self == .ubuntuStandIn ? "ubuntu" : "debian" }

    /// What Docker writes into the versions of its packages: `debian.12~bookworm`.
    var dockerSuffix: String {
        switch self {
        case .debian12: "debian.12~bookworm"
        case .debian13: "debian.13~trixie"
        case .ubuntuStandIn: "ubuntu.24.04~noble"
        }
    }

    /// Whether its systemd (257) boots on control groups of version 1 only where it is told to.
    var refusesOldGroups: Bool { self != .debian12 }
}
