extension InventoryReader {
    /// Every key that an inventory can have, with the keys that lead to it: `hosts.ssh.port`. inventory/example.yaml
    /// shows them all.
    package static var keys: [String] {
        ClusterSection.keys + below("docker", ClusterSection.dockerKeys) + below("hosts", HostsSection.keys)
            + below("hosts.ssh", SSHSettings.hostKeys) + below("ssh", SSHSettings.keys)
            + below("mirrors", MirrorsSection.keys)
            + below("mirrors.apt", MirrorsSection.repositories)
            + below("mirrors.apt.docker", MirrorsSection.repositoryKeys)
            + below("mirrors.apt.kubernetes", MirrorsSection.repositoryKeys) + below("service", ServiceSection.keys)
            + below("service.data", ServiceSection.dataKeys) + below("service.resources", ServiceSection.resourcesKeys)
            + below("service.registry", RegistrySection.keys)
            + below("service.models", ServiceSection.modelsKeys)
            + below("mirrors.apt.debian", MirrorsSection.debianKeys)
            + below("mirrors.criDockerd", MirrorsSection.archiveKeys) + below("proxy", ProxySection.keys)
            + below("lab", LabSection.keys)
            + below("lab.hosts.<host>", LabSection.hostKeys)
    }

    private static func below(_ section: String, _ keys: [String]) -> [String] { keys.map { "\(section).\($0)" } }
}
