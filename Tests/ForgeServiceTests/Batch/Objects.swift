/// Objects in kubectl's JSON.
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
