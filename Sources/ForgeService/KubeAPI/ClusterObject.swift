import ForgeCore
import ForgeTemplates
import Foundation

/// What kubeforge reads of a Deployment, ReplicaSet, Pod or Service in kubectl's JSON. What is absent there is nil or
/// empty here.
struct ClusterObject: Decodable, Sendable {
    var kind: String
    var metadata: Metadata
    var spec: Spec?
    var status: Status?
    /// The data of a ConfigMap.
    var data: [String: String]?

    struct Metadata: Decodable, Sendable {
        var name: String
        var generation: Int?
        var annotations: [String: String]?
        var ownerReferences: [Owner]?
        var deletionTimestamp: String?

        struct Owner: Decodable, Sendable {
            var kind: String?
            var name: String
        }
    }

    struct Spec: Decodable, Sendable {
        var replicas: Int?
        var template: Template?
        var nodeName: String?
        var type: String?
        var clusterIP: String?
        var ports: [Port]?
        /// A pod's own.
        var containers: [Container]?
        /// Whether a node takes no new pods.
        var unschedulable: Bool?
        var taints: [Taint]?

        struct Taint: Decodable, Sendable {
            var key: String
            var value: String?
            var effect: String
        }

        struct Template: Decodable, Sendable {
            var metadata: Labels?
            var spec: PodSpec
        }
        /// A template has no name.
        struct Labels: Decodable, Sendable { var annotations: [String: String]? }
        struct PodSpec: Decodable, Sendable {
            var containers: [Container]
            var initContainers: [Container]?
            var volumes: [Volume]?
            var imagePullSecrets: [Reference]?

            /// The Secret that its images are pulled with; nil where it names none.
            var pullSecret: String? { imagePullSecrets?.first?.name }

            /// The Secret with which it lets others in; nil where it needs none.
            var accessSecret: String? { volumes?.first { $0.name == "access" }?.secret?.secretName }
        }
        struct Reference: Decodable, Sendable { var name: String? }
        struct Volume: Decodable, Sendable {
            var name: String?
            var secret: SecretVolume?

            struct SecretVolume: Decodable, Sendable { var secretName: String? }
        }
        struct Container: Decodable, Sendable, Hashable {
            var name: String?
            var image: String
            var env: [Variable]?
            var ports: [ContainerPort]?
        }
        struct Variable: Decodable, Sendable, Hashable {
            var name: String
            var value: String?
        }
        struct ContainerPort: Decodable, Sendable, Hashable { var containerPort: Int }
        struct Port: Decodable, Sendable {
            var port: Int
            var nodePort: Int?
        }
    }

    struct Status: Decodable, Sendable {
        var observedGeneration: Int?
        var replicas: Int?
        var updatedReplicas: Int?
        var availableReplicas: Int?
        var conditions: [Condition]?
        var phase: String?
        var podIP: String?
        var reason: String?
        var message: String?
        var initContainerStatuses: [ContainerStatus]?
        var containerStatuses: [ContainerStatus]?
        var loadBalancer: LoadBalancer?
    }

    struct Condition: Decodable, Sendable {
        var type: String
        var status: String
        var reason: String?
        var message: String?
        var lastTransitionTime: String?
    }

    struct ContainerStatus: Decodable, Sendable {
        var name: String
        var ready: Bool
        var restartCount: Int
        var state: State?
        var lastState: State?

        struct State: Decodable, Sendable {
            var waiting: Waiting?
            var terminated: Terminated?
        }
        struct Waiting: Decodable, Sendable {
            var reason: String?
            var message: String?
        }
        struct Terminated: Decodable, Sendable {
            var exitCode: Int
            var reason: String?
            var message: String?
        }
    }

    /// Which container the pod waits for: the first that has to end well before the others start and has not; nil once
    /// all have.
    var unfinished: ContainerStatus? {
        status?.initContainerStatuses?.first { !$0.ready }
    }

    /// The status of the container that tells how the pod fares.
    var current: ContainerStatus? { unfinished ?? status?.containerStatuses?.first }

    struct LoadBalancer: Decodable, Sendable {
        var ingress: [Ingress]?

        struct Ingress: Decodable, Sendable {
            var ip: String?
            var hostname: String?
        }
    }

    /// The objects of `kubectl get … -o json`; none when it is not such JSON.
    static func list(_ json: String) -> [ClusterObject] {
        ObjectList<ClusterObject>.items(json) ?? []
    }

    /// The one object of `kubectl get … NAME -o json`.
    static func one(_ json: String) -> ClusterObject? {
        OutsideJSON.decode(ClusterObject.self, from: json)
    }
}

/// A line of `kubectl get events`.
struct ClusterEvent: Decodable, Sendable {
    var type: String?
    var reason: String?
    var message: String?
    var count: Int?
    var lastTimestamp: String?
    var eventTime: String?
    var involvedObject: Subject

    struct Subject: Decodable, Sendable {
        var kind: String?
        var name: String?
    }

    /// RFC 3339 in UTC: sorts as text.
    var time: String { lastTimestamp ?? eventTime ?? "" }

    /// The events of the namespace that tell of something wrong.
    static func warnings(_ kubectl: Kubectl) -> String {
        kubectl.line("get", "events", "--field-selector", "type=Warning", "--output", "json")
    }

    static func list(_ json: String) -> [ClusterEvent] {
        ObjectList<ClusterEvent>.items(json) ?? []
    }
}

/// The objects of `kubectl get … -o json`.
struct ObjectList<Item: Decodable>: Decodable {
    var items: [Item]

    /// nil when it is not such JSON.
    static func items(_ json: String) -> [Item]? {
        OutsideJSON.decode(Self.self, from: json)?.items
    }
}
