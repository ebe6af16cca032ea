import ForgeCore
import ForgeInventory
import ForgePlan

/// What all pods of one kind print.
package struct ServiceLogs: Sendable {
    private let service: Service
    private let kind: PodKind
    private let tail: Int
    private let isFollowed: Bool
    private let kubectl: Kubectl

    /// `tail`: how many lines of each pod from before. `isFollowed`: until the task is cancelled, or all pods have
    /// ended.
    package init(_ service: Service, of kind: PodKind, tail: Int, isFollowed: Bool) {
        (self.service, self.kind, self.tail, self.isFollowed) = (service, kind, tail, isFollowed)
        kubectl = Kubectl(namespace: service.namespace)
    }

    /// Tells each line as an event. A cancelled task is an ordinary end of following.
    package func run(on host: Host, over transport: any Transport, reporter: any Reporter) async throws {
        let pods = try await self.pods(on: host, transport)
        for pod in pods where !pod.hasStarted { reporter.report(.note("\(pod.name) has not started yet\(pod.why)")) }
        let names = pods.filter(\.hasStarted).map(\.name)
        if names.isEmpty { throw Problem(noneStarted: kind, service, pods) }
        let columns = names.map(\.count).max() ?? 0
        let command = isFollowed ? follow(names.count) : printOnce(names)
        let output: Output
        do {
            output = try await transport.run(command) { line in
                guard let (pod, text) = Self.split(line) else { return }
                reporter.report(
                    .podLine(
                        PodLine(pod: pod, text: text, place: names.firstIndex(of: pod) ?? names.count, columns: columns)
                    ))
            }
        } catch is CancellationError where isFollowed {
            return
        }
        if !output.isSuccess { throw Problem(unreadable: host, output.withoutSignsOfLife) }
    }

    /// `[pod/inference-5d8f7c9b6-x2x7k/inference] a line`: the pod's name, and the line.
    static func split(_ line: OutputLine) -> (pod: String, text: String)? {
        guard line.stream == .standardOutput, let parts = line.text.wholeMatch(of: /\[pod\/([^\/\]]+)\/[^\]]+\] ?(.*)/)
        else { return nil }
        return (String(parts.1), String(parts.2))
    }

    private func pods(on host: Host, _ transport: any Transport) async throws -> [LoggedPod] {
        let answer = try await transport.ask([.command(look)], of: host).command(look)
        guard answer.exitCode == 0 else { throw Problem(silent: host.name, answer) }
        let pods = ClusterObject.list(answer.text).map(LoggedPod.init).sorted { $0.name < $1.name }
        if pods.isEmpty { throw Problem(noPods: kind, service, host) }
        return pods
    }

    private var selector: Word { "app.kubernetes.io/name=\(kind.label(service))" }

    private var look: String { kubectl.look("get", "pods", "--selector", selector, "--output", "json") }

    /// Pod after pod: with a selector kubectl would mix their order differently each time.
    private func printOnce(_ names: [String]) -> Command {
        let logs = kubectl.line("logs", "--prefix", "--tail=\(tail)")
        let script = "status=0; for pod in \"$@\"; do \(logs) \"pod/$pod\" || status=1; done; exit $status"
        return Command(["sh", "-c", Word(script), "sh"] + names.map { Word($0) }).asRoot()
    }

    /// All at once. A program whose reader has gone writes on for ever when it has nothing to write: so a sign of life
    /// goes to standard error, and where that cannot be written any more, the connection is gone, and kubectl is ended.
    private func follow(_ count: Int) -> Command {
        let logs = kubectl.line(
            "logs", "--selector", selector, "--prefix", "--tail=\(tail)", "--follow", "--ignore-errors",
            "--max-log-requests=\(count + 50)",
            "--request-timeout=0")
        let script = """
            \(logs) & logs=$!
            trap 'kill "$logs" 2>/dev/null' EXIT
            trap 'exit 1' TERM HUP INT
            trap : PIPE
            while kill -0 "$logs" 2>/dev/null; do
            echo \(Self.signOfLife) >&2 || exit 1
            sleep 2
            done
            trap - EXIT
            wait "$logs"
            """
        return Command("sh", "-c", Word(script)).asRoot().within(.seconds(7 * 24 * 3600))
    }

    static let signOfLife = "·"
}

/// A pod, and whether it has printed anything that can be read.
private struct LoggedPod {
    let name: String
    let hasStarted: Bool
    let why: String

    init(_ pod: ClusterObject) {
        name = pod.metadata.name
        let status = pod.status?.containerStatuses?.first
        let waiting = status?.state?.waiting
        hasStarted = status != nil && (waiting == nil || (status?.restartCount ?? 0) > 0)
        why =
            waiting?.reason.map { ": \($0)" }
            ?? (status == nil ? ": it is \(pod.status?.phase?.lowercased() ?? "unknown")" : "")
    }
}

extension Output {
    fileprivate var withoutSignsOfLife: Output {
        let lines = errorText.split(whereSeparator: \.isNewline).filter { $0 != ServiceLogs.signOfLife }
        return Output(standardError: Array(lines.joined(separator: "\n").utf8), exit: exit)
    }
}

extension Problem {
    fileprivate init(noPods kind: PodKind, _ service: Service, _ host: Host) {
        self.init(
            what: "\(service.name) has no \(kind.rawValue) pods in namespace \(service.namespace)",
            why: kind == .online ? nil : "pods that have ended are removed after a while, with what they printed",
            fix: "`\(kind.verb)` makes some")
    }

    fileprivate init(noneStarted kind: PodKind, _ service: Service, _ pods: [LoggedPod]) {
        self.init(
            what: "no \(kind.rawValue) pod of \(service.name) has started yet",
            why: pods.map { "\($0.name)\($0.why)" }.joined(separator: "\n"),
            fix:
                """
                ask again in a moment; `kubectl -n \(service.namespace) describe pod \(pods[0].name)` tells what it \
                waits for
                """
        )
    }

    fileprivate init(unreadable host: Host, _ output: Output) {
        self.init(
            what: "\(host.name): not all logs can be read", why: output.lastLine,
            fix: "run it again: pods may have been replaced meanwhile")
    }
}
