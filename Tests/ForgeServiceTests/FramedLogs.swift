import ForgeCore
import ForgePlan

@testable import ForgeService

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
