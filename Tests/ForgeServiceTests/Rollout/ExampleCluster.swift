import ForgeCore
import ForgePlan
import ForgeTestSupport

@testable import ForgeService

/// What kubectl says of a cluster in which a release runs, and another may be on its way.
enum Told {
    static let old = "10.77.0.11:5443/mlops/inference:aaaaaaaaaaaaaaaa"

    static func deployment(
        _ name: String = "inference", image: String = old, template: String = "old", replicas: Int = 2, ready: Int = 2,
        models: String? = nil
    ) -> String {
        """
        {"kind":"Deployment","metadata":{"name":"\(name)","generation":1,"annotations":{\
        "deployment.kubernetes.io/revision":"1"}},
         "spec":{"replicas":\(replicas),"template":{"metadata":{"annotations":{"kubeforge.io/template":"\(template)"}},
          "spec":{"initContainers":[\(models.map { fetching($0) } ?? "")],"containers":[{"name":"api",\
        "image":"\(image)"}]}}},
         "status":{"observedGeneration":1,"replicas":\(replicas),"updatedReplicas":\(replicas),\
        "availableReplicas":\(ready)}}
        """
    }

    static func replicaSet(_ template: String, revision: Int, models: String? = nil) -> String {
        """
        {"kind":"ReplicaSet","metadata":{"name":"set-\(revision)","annotations":{\
        "deployment.kubernetes.io/revision":"\(revision)"}},
         "spec":{"template":{"metadata":{"annotations":{"kubeforge.io/template":"\(template)"}},"spec":{\
        "initContainers":[\(models.map { fetching($0) } ?? "")],"containers":[]}}}}
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
