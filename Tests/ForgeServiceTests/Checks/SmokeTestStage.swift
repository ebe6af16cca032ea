import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport

@testable import ForgeService

/// A release with 30 rows of two features; what it answers can be bent.
enum Small {
    static let golden = text(of: 30)
    /// Of its first five rows.
    static let few = text(of: 5)

    private static func text(of rows: Int) -> String {
        """
        {"classes": 3, "features": ["Cz/theta", "Cz/alpha"], "score": {"lda": 0.8692307692307693, "mlp": 0.5}, "rows": [
        \((0..<rows).map(row).joined(separator: ",\n"))
        ]}
        """
    }

    private static func row(_ line: Int) -> String {
        let name = #"{"number": \#(line % 3), "letter": "\#(["A", "B", "C"][line % 3])"}"#
        return #"{"line": \#(line), "truth": \#(name), "lda": \#(name), "mlp": {"number": 0, "letter": "A"}}"#
    }

    /// The right answer of the service, as it prints it.
    static func answer(_ path: String) -> (status: Int, body: String) {
        let parts = path.split(separator: "/").map(String.init)
        guard let row = parts.dropFirst().first.flatMap({ Int($0) }) else {
            return path == "/score"
                ? (200, #"{"lda":0.8692307692307693,"mlp":0.5}"#) : (400, #"{"error":"not a row"}"#)
        }
        if row >= 30 { return (404, #"{"error":"row \#(row) does not exist"}"#) }
        let name = #"{"number":\#(row % 3),"letter":"\#(["A", "B", "C"][row % 3])"}"#
        return parts[0] == "line"
            ? (
                200,
                #"""
                {"line":\#(row),"number":\#(row % 3),"letter":"\#(["A", "B", "C"][row % 3])","features":{\#
                "Cz/theta":\#(row).5,"Cz/alpha":-1e-3}}
                """#
            )
            : (200, #"{"line":\#(row),"lda":\#(name),"mlp":{"number":0,"letter":"A"}}"#)
    }

    /// The rows of the test as the release's own reader wrote them.
    static let rows = (0..<30).map { #"{"row": \#($0), "features": [\#($0).50, -0.001]}"# }

    static let deployment =
        #"""
        {"kind":"Deployment","metadata":{"name":"inference"},"spec":{"template":{"spec":{"containers":[{\#
        "image":"10.77.0.11:5443/mlops/inference:0123456789abcdef"}]}}}}
        """#
    static let pods = #"{"items":[\#(pod("inference-b", "10.244.1.7")),\#(pod("inference-a", "10.244.0.5"))]}"#

    static func pod(_ name: String, _ address: String, ready: String = "True") -> String {
        #"""
        {"kind":"Pod","metadata":{"name":"\#(name)"},"spec":{"containers":[{"image":"i","ports":[{\#
        "containerPort":8080}]}]},"status":{"phase":"Running","podIP":"\#(address)","conditions":[{"type":"Ready",\#
        "status":"\#(ready)"}]}}
        """#
    }

    static let exposure =
        #"""
        {"kind":"Service","metadata":{"name":"inference"},"spec":{"type":"NodePort","clusterIP":"10.96.1.2","ports":[{\#
        "port":80,"nodePort":31000}]}}
        """#
}

/// A control plane whose service answers as the closure says; `pod` bends the answers of single addresses.
func controlPlane(
    deployment: CommandState = CommandState(text: Small.deployment),
    golden: CommandState = CommandState(text: Small.golden), pods: String = Small.pods,
    exposure: String = Small.exposure, hasRows: Bool = true,
    rows: [String] = Small.rows,
    load: Output? = nil,
    _ answer: @escaping @Sendable (String) -> (status: Int, body: String) = Small.answer,
    at pod: @escaping @Sendable (_ address: String, _ path: String) -> (status: Int, body: String)? = { _, _ in nil }
) -> ScriptedTransport {
    ScriptedTransport { command in
        let script = command.inputText
        if script.contains("get deployment") {
            return Output(
                answering: deployment, CommandState(text: exposure), golden, CommandState(text: pods))
        }
        if script.contains("worker()") { return load }
        if script.contains("rows.jsonl") {
            let lines = script.matches(of: /(\d+)p/).compactMap { Int($0.1) }.sorted().map { rows[$0 - 1] }
            return Output(
                answering: CommandState(exitCode: hasRows ? 0 : 1, text: hasRows ? lines.joined(separator: "\n") : ""))
        }
        return Output(
            asked(in: script).map { asked in
                framed(asked.answer { path in pod(asked.address, path) ?? answer(path) })
            }.joined())
    }
}

/// A request of a script of curls.
struct Asked {
    let address: String
    let path: String
    let body: String?

    /// Rows of features are known by their first one; the answer to them is made of the answers to their numbers.
    func answer(_ answer: (String) -> (status: Int, body: String)) -> (status: Int, body: String) {
        let rows = body.flatMap { JSONValue(Array($0.utf8)) }?["rows"]?.elements.map(\.elements) ?? []
        if rows.isEmpty || rows.contains(where: { $0.count != 2 }) { return answer(path) }
        let answers = rows.map { row in answer("/prediction/\(Int(Double(row[0].description)!))") }
        if let failed = answers.first(where: { $0.status != 200 }) { return failed }
        return (
            200,
            "{\"predictions\":[\(answers.map { $0.body.replacing(/"line":\d+,/, with: "") }.joined(separator: ","))]}"
        )
    }
}

/// What a script of curls asks for, in order.
func asked(in script: String) -> [Asked] {
    script.matches(of: /(?m)^ask .*?http:\/\/([0-9.:]+)(\/\S*)(?: <<'end of body'\n(.*)\nend of body)?$/).map {
        Asked(address: String($0.1), path: String($0.2), body: $0.3.map(String.init))
    }
}

func framed(_ answer: (status: Int, body: String)) -> String {
    "\(answer.status) 0.0021 \(answer.body.utf8.count)\n\(answer.body)\n"
}
