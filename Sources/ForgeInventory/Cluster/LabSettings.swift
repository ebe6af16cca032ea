/// What the machines of `kubeforge lab up` are like. No other command reads it.
package struct LabSettings: Sendable, Hashable {
    /// The distribution of every machine that `hosts` does not give another.
    package var distribution: Distribution
    /// The same for all machines of a lab.
    package var driver: Driver
    /// The profile of every machine that `hosts` does not give another.
    package var profile: Profile
    /// The name of a host → what its machine does differently.
    package var hosts: [String: Machine]

    package init(
        distribution: Distribution = .debian13, driver: Driver = .nspawn, profile: Profile = .bare,
        hosts: [String: Machine] = [:]
    ) {
        self.distribution = distribution
        self.driver = driver
        self.profile = profile
        self.hosts = hosts
    }

    /// What a machine is installed with.
    package enum Distribution: String, Sendable, Hashable, CaseIterable {
        case debian13 = "debian-13"
        case debian12 = "debian-12"
        /// Debian 13 that says in /etc/os-release that it is Ubuntu 24.04.
        case ubuntuStandIn = "ubuntu-24.04-stand-in"
    }

    /// What runs a machine: systemd-nspawn on this computer's kernel, or QEMU with a kernel of its own.
    package enum Driver: String, Sendable, Hashable, CaseIterable {
        case nspawn, vm
    }

    /// Nothing but the distribution, or what providers and owners of machines add to it, too.
    package enum Profile: String, Sendable, Hashable, CaseIterable {
        case bare, cloud
    }

    /// One machine's own settings; nil is the lab's.
    package struct Machine: Sendable, Hashable {
        /// In place of the lab's `distribution`.
        package var distribution: Distribution?
        /// In place of the lab's `profile`.
        package var profile: Profile?

        package init(distribution: Distribution? = nil, profile: Profile? = nil) {
            self.distribution = distribution
            self.profile = profile
        }
    }

    /// The host's own distribution, else the lab's.
    package func distribution(of host: String) -> Distribution { hosts[host]?.distribution ?? distribution }

    /// The host's own profile, else the lab's.
    package func profile(of host: String) -> Profile { hosts[host]?.profile ?? profile }

    /// Gives all machines the distribution, whatever the inventory says.
    package mutating func install(_ distribution: Distribution) {
        self.distribution = distribution
        for host in hosts.keys { hosts[host]?.distribution = nil }
    }
}
