/// The machines that `kubeforge lab up` makes.
struct LabSection {
    static let keys = ["distribution", "driver", "profile", "hosts"]
    static let hostKeys = ["distribution", "profile"]

    /// The names under `hosts:`; nil when these could not be read.
    let hosts: [String]?

    func read(_ field: Field) -> LabSettings {
        var settings = LabSettings()
        guard let section = MappingReader(field, keys: Self.keys) else { return settings }
        settings.distribution = section["distribution"]?.choice() ?? settings.distribution
        settings.driver = section["driver"]?.choice() ?? settings.driver
        settings.profile = section["profile"]?.choice() ?? settings.profile
        settings.hosts = section["hosts"].map(machines) ?? [:]
        return settings
    }

    private func machines(_ field: Field) -> [String: LabSettings.Machine] {
        var machines: [String: LabSettings.Machine] = [:]
        for (name, value) in field.entries() ?? [] {
            if let hosts, !hosts.contains(name) {
                value.diagnostics.add(
                    .unknown(name, known: hosts, "there is no host of this name"), about: value.name,
                    at: value.keyLocation)
            }
            machines[name] = machine(value)
        }
        return machines
    }

    private func machine(_ field: Field) -> LabSettings.Machine? {
        MappingReader(field, keys: Self.hostKeys).map {
            LabSettings.Machine(distribution: $0["distribution"]?.choice(), profile: $0["profile"]?.choice())
        }
    }
}
