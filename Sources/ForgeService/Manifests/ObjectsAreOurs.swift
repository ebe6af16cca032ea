import ForgeCore
import ForgeInventory
import ForgePlan

/// Objects of the service's names that somebody else made, or kubeforge for another service, are refused before
/// anything is changed. Services of other inventories share the namespace, and no inventory knows their names.
enum ObjectsAreOurs {
    static func requirement(_ cluster: Cluster) -> Requirement {
        let (service, look) = (cluster.service, look(cluster))
        return Requirement(
            "no object of others has a name of the service", asking: [.command(look)],
            fix:
                """
                choose another name or namespace under service: in the inventory, or remove what is named, if it is \
                not needed
                """
        ) { answers in
            let answer = answers.command(look)
            guard answer.exitCode == 0 else {
                return [Difference("the cluster could not be queried for its objects", silent: answer)]
            }
            return answer.text.split(whereSeparator: \.isNewline).compactMap { line in
                let object = FoundObject(line)
                return object.foreign(to: service).map {
                    Difference("\(object.kind) \(service.namespace).\(object.name) \($0)")
                }
            }
        }
    }

    /// Prints an object a line, as `FoundObject` reads it.
    private static func look(_ cluster: Cluster) -> String {
        let (service, name) = (cluster.service, cluster.service.name)
        let own = ["deployment", "service", "networkpolicy", "poddisruptionbudget", "horizontalpodautoscaler"].map {
            "\($0)/\(name)"
        }
        let all =
            own + [
                "networkpolicy/\(JobKind.batch.label(service))", "networkpolicy/\(JobKind.coordinator.label(service))",
            ] + [
                "deployment/\(name)-candidate", "configmap/\(ReleaseHistory.name(name))",
                "secret/\(PullSecret.name(of: cluster))",
            ]
        let path =
            #"""
            jsonpath={range .items[*]}{.kind} {.metadata.name} \#
            {.metadata.labels.app\.kubernetes\.io/managed-by} {.metadata.labels.app\.kubernetes\.io/name} \#
            {.spec.template.spec.containers[*].image}{"\n"}{end}
            """#
        return Kubectl(namespace: service.namespace).look(
            ["get"] + all.map { Word($0) } + ["--ignore-not-found", "--output", Word(path)])
    }
}

/// An object with one of the service's names: kind, name, the labels `managed-by` and `name`, and the images of its
/// pods.
private struct FoundObject {
    let kind: String
    let name: String
    private let manager: String
    private let owner: String
    private let images: [String]

    init(_ line: Substring) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        func word(_ place: Int) -> String { words.indices.contains(place) ? words[place] : "" }
        (kind, name, manager, owner) = (word(0), word(1), word(2), word(3))
        images = Array(words.dropFirst(4))
    }

    /// Why it is not that service's; nil where it is.
    func foreign(to service: Service) -> String? {
        if manager != "kubeforge" { return "was not made by kubeforge" }
        guard kind == "Deployment" else {
            return ["", service.name].contains(owner) ? nil : "belongs to service \(owner)"
        }
        if name == service.name {
            return CanaryDeployment.service(of: name, running: images).map { "is the canary of service \($0)" }
        }
        return CanaryDeployment.service(of: name, running: images) == service.name
            ? nil : "is no canary of \(service.name), but belongs to a service of that name"
    }
}

/// The port that the inventory wants on every node is nobody else's.
enum NodePortIsFree {
    /// nil where the cluster chooses.
    static func requirement(_ service: Service) -> Requirement? {
        guard let port = service.nodePort.map(String.init) else { return nil }
        let look = look(service)
        return Requirement(
            "port \(port) of the nodes is free for the service", asking: [.command(look)],
            fix: "choose another nodePort: from 30000 to 32767 under service: in the inventory"
        ) { answers in
            let answer = answers.command(look)
            guard answer.exitCode == 0 else {
                return [Difference("the cluster could not be queried for its Services", silent: answer)]
            }
            let lines = answer.text.split(whereSeparator: \.isNewline).map {
                $0.split(separator: " ").map(String.init)
            }
            return lines.filter { $0.dropFirst().contains(port) && $0[0] != "\(service.namespace).\(service.name)" }
                .map { Difference("port \(port) belongs to Service \($0[0])") }
        }
    }

    /// Prints `NAMESPACE.NAME` and the node ports of each Service.
    private static func look(_ service: Service) -> String {
        let path =
            #"jsonpath={range .items[*]}{.metadata.namespace}.{.metadata.name} {.spec.ports[*].nodePort}{"\n"}{end}"#
        return Kubectl(namespace: service.namespace).look("get", "services", "--all-namespaces", "--output", Word(path))
    }
}
