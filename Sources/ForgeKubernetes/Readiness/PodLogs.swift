import ForgeCore
import ForgePlan

/// The last lines of pods whose containers do not stay up: the reason stands there, and in no field of the pod.
struct PodLogs {
    private let looks: [(name: String, line: String)]

    /// `namespaces`: where to look for them.
    init(_ names: [String], in namespaces: [String]) {
        looks = names.prefix(Self.limit).map { ($0, Self.look($0, namespaces)) }
    }

    /// A line for each of them that has something to tell; nil where none has.
    func ends(on machine: Machine) async throws -> String? {
        if looks.isEmpty { return nil }
        let answers = try await machine.ask(looks.map { .command($0.line) })
        let lines = looks.compactMap { name, line -> String? in
            let last = answers.command(line).text.split(separator: "\n").last?.trimming(while: \.isWhitespace) ?? ""
            return last.isEmpty ? nil : "the log of \(name) ends with: \(last.prefix(Self.length))"
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    private static let limit = 8
    private static let length = 400

    /// Of the containers that have ended before and are not ready now: what each said last before it ended.
    private static func look(_ name: String, _ namespaces: [String]) -> String {
        let state = "{.name}={.restartCount}={.ready} {end}"
        let fields = ["initContainerStatuses", "containerStatuses"].map { "{range .status.\($0)[*]}\(state)" }.joined()
        let pod = name.shellQuoted
        return namespaces.map { namespace in
            let state = HostKubectl.asAdmin("-n \(namespace) get pod \(pod) -o 'jsonpath=\(fields)'")
            let log = HostKubectl.asAdmin("-n \(namespace) logs \(pod) -c \"${state%%=*}\" --previous --tail=1")
            return """
                for state in $(\(state)); do
                  case $state in *=0=*|*=true) ;; *) \(log);; esac
                done
                """
        }.joined(separator: "\n")
    }
}
