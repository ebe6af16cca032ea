import ForgeCore
import ForgeInventory
import ForgePlan

/// Objects of the service's names that somebody else made are refused before anything is changed.
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
            let found = answer.text.split(whereSeparator: \.isNewline).map { $0.split(separator: " ").map(String.init) }
            return found.filter { $0.count == 2 || $0.count == 3 && $0[2] != "kubeforge" }.map {
                Difference("\($0[0]) \(service.namespace).\($0[1]) was not made by kubeforge")
            }
        }
    }

    /// Prints kind, name and the label that all of kubeforge's objects have, one object a line.
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
            {.metadata.labels.app\.kubernetes\.io/managed-by}{"\n"}{end}
            """#
        return Kubectl(namespace: service.namespace).look(
            ["get"] + all.map { Word($0) } + ["--ignore-not-found", "--output", Word(path)])
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
