import ForgeCore
import ForgeInventory
import ForgePlan

@testable import ForgeService

/// What kubectl says of a cluster in which a release runs, and another may be on its way.
enum Told {
    static let old = "10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa"

    static func deployment(
        _ name: String = "inference", image: String = old, template: String = "old", replicas: Int = 2, ready: Int = 2,
        models: String? = nil, revision: Int = 1, progress: String = "NewReplicaSetAvailable"
    ) -> String {
        """
        {"kind":"Deployment","metadata":{"name":"\(name)","generation":1,"annotations":{\
        "deployment.kubernetes.io/revision":"\(revision)"}},
         "spec":{"replicas":\(replicas),"template":{"metadata":{"annotations":{"kubeforge.io/template":"\(template)"}},
          "spec":{"initContainers":[\(models.map { fetching($0) } ?? "")],"containers":[{"name":"api",\
        "image":"\(image)"}]}}},
         "status":{"observedGeneration":1,"replicas":\(replicas),"updatedReplicas":\(replicas),\
        "availableReplicas":\(ready),
          "conditions":[{"type":"Progressing","status":"True","reason":"\(progress)"}]}}
        """
    }

    static func replicaSet(
        _ template: String, revision: Int, models: String? = nil, of owner: String = "inference"
    ) -> String {
        """
        {"kind":"ReplicaSet","metadata":{"name":"set-\(revision)","annotations":{\
        "deployment.kubernetes.io/revision":"\(revision)"},\
        "ownerReferences":[{"kind":"Deployment","name":"\(owner)"}]},
         "spec":{"template":{"metadata":{"annotations":{"kubeforge.io/template":"\(template)"}},"spec":{\
        "initContainers":[\(models.map { fetching($0) } ?? "")],"containers":[]}}}}
        """
    }

    /// One whose pods are not described.
    static func set(_ name: String, revision: Int = 2, of owner: String = "inference") -> String {
        """
        {"kind":"ReplicaSet","metadata":{"name":"\(name)","annotations":{\
        "deployment.kubernetes.io/revision":"\(revision)"},\
        "ownerReferences":[{"kind":"Deployment","name":"\(owner)"}]}}
        """
    }

    static func history(_ records: ReleaseRecord...) -> String {
        let entries = records.map { record in
            let key = "\(record.at.replacing(":", with: "."))-\(record.template)"
            return "\"\(key)\":\"\(record.json.replacing("\"", with: "\\\""))\""
        }
        return
            #"""
            {"kind":"ConfigMap","metadata":{"name":"inference-releases"},"data":{\#(entries.joined(separator: ","))}}
            """#
    }

    static func list(_ objects: String...) -> CommandState {
        CommandState(text: "{\"items\":[\(objects.joined(separator: ","))]}")
    }

    /// The init container of pods with these models, as kubectl's JSON has it.
    static func fetching(_ version: String, image: String = Example.release.reference) -> String {
        #"""
        {"name":"models","image":"\#(image)","env":[{"name":"MODEL_STORE","value":"\#(Example.store.url)"},{\#
        "name":"MODEL_VERSION","value":"\#(version)"}]}
        """#
    }
}

/// Jobs and their pods, in kubectl's JSON.
enum Objects {
    static let coordinatorPod = pod("inference-batch-20261121-151732-coordinator", "Running")

    static func list(_ items: [String]) -> String { "{\"items\":[\(items.joined(separator: ","))]}" }

    static func job(
        _ name: String, _ condition: String? = nil, created: String = "2026-11-21T15:00:00Z", owned: Bool = false
    ) -> String {
        let status = condition.map {
            #"""
            {"conditions":[{"type":"\#($0)","status":"True","message":"Job has reached the specified backoff limit"}]}
            """#
        }
        let run = name.split(separator: "/").first ?? ""
        let owner = owned ? #","ownerReferences":[{"kind":"CronJob","name":"c"}]"# : ""
        return #"""
            {"kind":"Job","metadata":{"name":"\#(name.split(separator: "/").joined(separator: "-"))",\#
            "creationTimestamp":"\#(created)",
            "labels":{"app.kubernetes.io/instance":"\#(run)"}\#(owner)},"status":\#(status ?? "{}")}
            """#
    }

    static func pod(_ name: String, _ phase: String, exitCode: Int? = nil, owner: String? = nil) -> String {
        let state = exitCode.map { #"{"terminated":{"exitCode":\#($0)}}"# } ?? "{}"
        let owners = owner.map { #","ownerReferences":[{"kind":"Job","name":"\#($0)"}]"# } ?? ""
        return #"""
            {"kind":"Pod","metadata":{"name":"\#(name)"\#(owners)},"spec":{"nodeName":"kubnode","containers":[]},\#
            "status":{"phase":"\#(phase)",
            "containerStatuses":[{"name":"c","ready":\#(phase == "Running"),"restartCount":0,"state":\#(state)}]}}
            """#
    }
}

/// Logs as a look prints them, from a text in which `==> pod/NAME` stands before the lines of each pod.
func framedLogs(_ text: String) -> String {
    var pods: [(name: Substring, lines: [Substring])] = []
    for line in text.split(separator: "\n") {
        if line.hasPrefix(PodLogs.mark) {
            pods.append((line.dropFirst(PodLogs.mark.count), []))
        } else if !pods.isEmpty {
            pods[pods.count - 1].lines.append(line)
        }
    }
    return pods.map { "\(PodLogs.mark)\($0.name) \($0.lines.count)\n" + $0.lines.map { "\($0)\n" }.joined() }.joined()
}

extension ReleaseRecord {
    /// A release of the image with this digit sixteen times as its tag.
    static func example(_ digit: Character, template: String, at: String, models: String? = nil) -> ReleaseRecord {
        ReleaseRecord(
            image: "10.77.0.11:5443/mlops/inference:" + String(repeating: digit, count: 16), template: template, at: at,
            by: "ann@desk",
            models: models, data: "0123456789abcdef", scores: ["lda": 0.6915384615384615, "mlp": 0.66])
    }
}
