import ForgeCore

/// The logs of several pods in one text.
struct PodLogs {
    static let mark = "==> "
    let byPod: [String: [String]]

    init(_ text: String) {
        var logs: [String: [String]] = [:]
        var pod = ""
        for line in text.split(whereSeparator: \.isNewline).map(String.init) {
            if line.hasPrefix(Self.mark + "pod/") {
                pod = String(line.dropFirst(Self.mark.count + 4))
            } else {
                logs[pod, default: []].append(line)
            }
        }
        byPod = logs
    }

    /// Prints the log of what runs or ran last in each pod of the selector, under its name; what hangs is left after 10 s.
    static func lastLines(of selector: Word, _ kubectl: Kubectl) -> String {
        let names = kubectl.line("get", "pods", "--selector", selector, "--output", "name")
        let logs = kubectl.line("logs", "--tail=20")
        return "for pod in $(\(names)); do echo \"\(mark)$pod\"; timeout 10 \(logs) \"$pod\" 2>&1; done"
    }
}
