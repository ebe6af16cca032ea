import ForgeCore

/// The logs of several pods in one text. Before each stand its pod and how many lines it has, so that no pod can speak
/// for another.
struct PodLogs {
    static let mark = "==> "
    let byPod: [String: [String]]

    init(_ text: String) {
        var logs: [String: [String]] = [:]
        // At line feeds alone, as `wc` counts: a carriage return, or a line separator of Unicode, ends no line.
        var rest = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        while let line = rest.popFirst() {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard words.count == 3, words[0] + " " == Self.mark, words[1].hasPrefix("pod/"), let count = Int(words[2]),
                count >= 0
            else {
                continue
            }
            let lines = rest.prefix(count).map { String(decoding: $0, as: UTF8.self) }.filter { !$0.isEmpty }
            logs[String(words[1].dropFirst(4)), default: []] += lines
            rest = rest.dropFirst(count)
        }
        byPod = logs
    }

    /// Shell that prints what the command prints, framed; `pod` is a word of shell: `pod/NAME`.
    static func framed(_ command: String, of pod: String) -> String {
        "text=$(\(command)); printf '\(mark)%s %s\\n%s\\n' \(pod) \"$(printf '%s\\n' \"$text\" | wc -l)\" \"$text\""
    }

    /// Prints the log of what runs or ran last in each pod of the selector, under its name; what hangs is left after 10
    /// s.
    static func lastLines(of selector: Word, _ kubectl: Kubectl) -> String {
        let names = kubectl.line("get", "pods", "--selector", selector, "--output", "name")
        let logs = kubectl.line("logs", "--tail=20")
        return "for pod in $(\(names)); do \(framed("timeout 10 \(logs) \"$pod\" 2>&1", of: "\"$pod\"")); done"
    }
}
