/// One service, or a list of them.
struct ServicesSection {
    let paths: LocalPath

    /// nil where the inventory names none.
    func read(_ section: MappingReader) -> [Service]? {
        let one = section["service"].map { ServiceSection(paths: paths).read($0) }
        guard let list = section["services"] else { return one.map { [$0] } }
        section["service"]?.fail(
            ValidationError(
                "conflicts with services: (line \(list.keyLocation.line))", fix: "make it the first of that list"))
        guard let elements = list.elements() else { return one.map { [$0] } }
        if elements.isEmpty { list.fail(ValidationError("is empty", fix: "name a service, or remove the line")) }
        let services = elements.map { Located(value: ServiceSection(paths: paths).read($0), field: $0) }
        checkNames(services)
        checkPorts(services)
        checkRegistries(services)
        return services.isEmpty ? nil : services.map(\.value)
    }

    /// Places on machines and labels in the cluster are named by services. So are those of their jobs, which a service
    /// of the same name would take for its own pods.
    private func checkNames(_ services: [Located<Service>]) {
        var seen: [String: Int] = [:]
        for (place, service) in services.enumerated() where service.field.isMapping {
            let name = service.value.name
            if !service.field.has("name") {
                service.field.fail(
                    ValidationError("has no name", fix: "add a line such as `name: churn`: each service has its own"))
            } else if let other = seen[name] {
                service.field.fail("name", ValidationError("services[\(other)] has this name, too"))
            } else {
                let owner = services.map(\.value.name).first { owner in
                    Self.derived.contains { name == owner + $0 }
                }
                if let owner {
                    service.field.fail(
                        "name", ValidationError("is the name of a part of the service \(owner)", fix: "rename one"))
                }
                seen[name] = place
            }
        }
    }

    /// The ends of the names of a release's first pod, and of jobs.
    private static let derived = ["-candidate", "-batch", "-train", "-coordinator"]

    private func checkPorts(_ services: [Located<Service>]) {
        var seen: [Int: String] = [:]
        for service in services {
            guard let port = service.value.nodePort else { continue }
            if let other = seen[port] {
                service.field.fail("nodePort", ValidationError("the service \(other) has this port, too"))
            }
            seen[port] = service.value.name
        }
    }

    /// The cluster has one registry of its own.
    private func checkRegistries(_ services: [Located<Service>]) {
        let own = services.filter { $0.value.registry == nil }
        for service in own where service.value.registryImage != own.first?.value.registryImage {
            service.field.fail(
                "registryImage",
                ValidationError(
                    "differs from that of \(own.first?.value.name ?? "")",
                    why: "the cluster has one registry, which all services without a registry: of their own share",
                    fix: "name the same image in each of them"))
        }
    }
}

extension Field {
    /// Tells of a value below it, at its own place.
    fileprivate func fail(_ key: String, _ error: ValidationError) {
        let value = entries()?.first { $0.key == key }?.field
        (value ?? self).fail(error)
    }
}
