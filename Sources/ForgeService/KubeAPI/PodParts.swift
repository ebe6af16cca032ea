import ForgeCore
import ForgeTemplates

/// What a pod of kubeforge has besides what each of them has: variables, mounts and volumes of its container, and who
/// runs before it.
package struct PodParts: Sendable, Hashable {
    var variables: [Variable] = []
    var mounts: [Mount] = []
    var volumes: [Volume] = []
    /// Those that run before, as items of a list; empty where nobody does.
    var initContainers = ""

    /// A variable of a container's environment.
    struct Variable: Sendable, Hashable {
        let name, value: String
    }

    /// Where a container has a volume.
    struct Mount: Sendable, Hashable {
        let volume, path: String
        var isWritable = false
    }

    enum Volume: Sendable, Hashable {
        /// Everybody in these pods is one user, who is not root: root owns the files.
        case secret(_ volume: String, _ name: String)
        /// A part of the node's disk, as long as the pod lives. `limit`: `1Gi`.
        case disk(_ volume: String, limit: String)
    }

    static func + (one: PodParts, other: PodParts) -> PodParts {
        PodParts(
            variables: one.variables + other.variables, mounts: one.mounts + other.mounts,
            volumes: one.volumes + other.volumes, initContainers: one.initContainers + other.initContainers)
    }
}

extension PodParts {
    /// Lines of YAML that go after the end of a line of a template, and bring the line breaks that they need.
    /// `column`: of the key `containers`.
    func lines(_ part: Part, column: Int) -> String {
        let (indent, lines) =
            switch part {
            case .environment:
                (4, variables.isEmpty ? [] : ["env:"] + variables.flatMap(\.lines).map { "  " + $0 })
            case .mounts: (6, mounts.flatMap(\.lines))
            case .volumes: (2, volumes.flatMap(\.lines))
            case .initContainers:
                (
                    0,
                    initContainers.isEmpty
                        ? [] : ["initContainers:"] + initContainers.split(separator: "\n").map { "  " + $0 }
                )
            }
        return lines.map { "\n" + String(repeating: " ", count: column + indent) + $0 }.joined()
    }

    enum Part {
        /// After the last line of a container.
        case environment
        /// After the last of `volumeMounts`.
        case mounts
        /// After the last of `volumes`.
        case volumes
        /// Before `containers`.
        case initContainers
    }
}

extension PodParts.Variable {
    fileprivate var lines: [String] { ["- name: \(name)", "  value: \(value.yamlQuoted)"] }
}

extension PodParts.Mount {
    fileprivate var lines: [String] {
        ["- name: \(volume)", "  mountPath: \(path)"] + (isWritable ? [] : ["  readOnly: true"])
    }
}

extension PodParts.Volume {
    fileprivate var lines: [String] {
        switch self {
        case .secret(let volume, let name):
            ["- name: \(volume)", "  secret:", "    secretName: \(name.yamlQuoted)", "    defaultMode: 0444"]
        case .disk(let volume, let limit): ["- name: \(volume)", "  emptyDir:", "    sizeLimit: \(limit)"]
        }
    }
}

/// The pod of what runs to its end: a batch run, its coordinator, a schedule, a training, a push. All are made of
/// `templates/kubernetes/jobs/pod.yaml`.
struct JobPod: Sendable {
    /// The container's name.
    let name: String
    /// Not quoted.
    let image: String
    let command: [String]
    let pullSecret: String
    /// The limit of memory.
    var memory = "1Gi"
    /// The limit of the node's disk, for /tmp.
    var disk = "5Gi"
    /// The labels of those that nodes share evenly: kind and run; nil where that does not matter.
    var spread: [(name: String, value: String)] = []
    /// That it is asked at, for the coordinator.
    var port: Int?
    var parts = PodParts()

    /// What follows `spec:`. `column`: of the key `containers`.
    func spec(_ templates: Templates, column: Int) throws(Problem) -> String {
        let template = try templates["kubernetes/jobs/pod.yaml"]
        // A template of the user's may say what these are.
        let sizes = [
            "cpu": port == nil ? "100m" : "50m", "memory": port == nil ? "256Mi" : "128Mi", "mostMemory": memory,
            "disk": disk,
        ].filter { template.names($0.key) }
        let text = try template.render(
            [
                "pullSecret": pullSecret.yamlQuoted, "name": name, "image": image.yamlQuoted,
                "command": command.yamlList, "andSpread": constraint, "andPorts": ports,
                "andInitContainers": parts.lines(.initContainers, column: 0),
                "andEnv": parts.lines(.environment, column: 0), "andMounts": parts.lines(.mounts, column: 0),
                "andVolumes": parts.lines(.volumes, column: 0),
            ].merging(sizes) { $1 })
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return lines.map { "\n" + String(repeating: " ", count: column) + $0 }.joined()
    }

    private var constraint: String {
        if spread.isEmpty { return "" }
        let labels = spread.map { "\n        \($0.name): \($0.value.yamlQuoted)" }.joined()
        return """

            topologySpreadConstraints:
              - maxSkew: 1
                topologyKey: kubernetes.io/hostname
                whenUnsatisfiable: ScheduleAnyway
                labelSelector:
                  matchLabels:\(labels)
            """
    }

    private var ports: String {
        port.map { "\n    ports:\n      - name: http\n        containerPort: \($0)" } ?? ""
    }
}

extension [String] {
    /// The strings as a YAML flow sequence of quoted scalars.
    var yamlList: String { "[" + map(\.yamlQuoted).joined(separator: ", ") + "]" }
}
