import ForgeCore

/// Why a pod does not become ready, as far as the cluster says so.
enum PodFailure: Sendable, Hashable {
    /// No node takes it; the scheduler's own words.
    case unschedulable(String)
    case imageMissing(String)
    /// The container could not even be started.
    case cannotStart(String)
    /// The kubelet ended it for want of something on the node.
    case evicted(String)
    case outOfMemory
    /// SIGKILL, and the runtime does not say whose: it may have missed that the kernel ran out of the container's
    /// memory.
    case killed
    /// The program ended by itself.
    case crashed(exitCode: Int)
    /// What has to be done before its program starts failed; what it said of that.
    case initContainerFailed(String)
    /// It runs, and a probe says no; the probe's answer.
    case failingProbe(String)
    /// The API server refuses pods: a quota, a policy.
    case refused(String)
    /// Nothing is wrong that could be seen: it takes longer than the time there was.
    case slow

    /// Whether waiting longer cannot help. A registry can come back, memory can become free on a node; these do not
    /// change by themselves.
    var isPermanent: Bool {
        switch self {
        case .imageMissing, .cannotStart, .outOfMemory, .killed, .crashed, .initContainerFailed: true
        case .unschedulable, .evicted, .failingProbe, .refused, .slow: false
        }
    }

    /// Whether a node that is not well explains it.
    var isOfNodes: Bool {
        switch self {
        case .unschedulable, .evicted, .slow: true
        case .imageMissing, .cannotStart, .outOfMemory, .killed, .crashed, .initContainerFailed, .failingProbe,
            .refused:
            false
        }
    }

    var sentence: String {
        switch self {
        case .unschedulable(let why): "no node takes the pod: \(why)"
        case .imageMissing(let why): "the image could not be pulled: \(why)"
        case .cannotStart(let why): "the container cannot be started: \(why)"
        case .evicted(let why): "its node ended it: \(why)"
        case .outOfMemory: "the kernel ended it: it needed more memory than its limit (OOMKilled)"
        case .killed: "it was killed (exit code 137), probably because it ran out of memory (OOMKilled)"
        case .crashed(let code): "the program ends with exit code \(code)"
        case .initContainerFailed(let why): "it does not start, because \(why)"
        case .failingProbe(let why): "it runs, and is not ready: \(why)"
        case .refused(let why): "the cluster refuses the pod: \(why)"
        case .slow: "no error is visible; it is just slow"
        }
    }

    /// What a person does about it.
    func fix(_ service: String, namespace: String) -> String {
        switch self {
        case .unschedulable, .evicted:
            """
            free or add a node that fits: `kubectl describe nodes` shows what each has left; a control plane takes \
            pods with schedulable: true
            """
        case .imageMissing:
            "run `kubeforge deploy` again: it checks whether the registry has the image, lets pods in and is reached "
                + "by the nodes; \(namespace)/\(service)-registry-… is the Secret that they pull with"
        case .cannotStart: "correct what it names in templates/kubernetes/base/deployment.yaml, and deploy again"
        case .outOfMemory, .killed:
            "raise limits: memory: in templates/kubernetes/base/deployment.yaml (--templates), or use smaller data"
        case .crashed: "the last lines of its log are above; correct the service or its data, and deploy again"
        case .initContainerFailed:
            """
            correct what it names, in the model store or in the inventory (service: models:), or train again: \
            `kubeforge train`; then deploy again
            """
        case .failingProbe:
            """
            ask it yourself: `kubectl -n \(namespace) port-forward deployment/\(service) 8080`, then `curl \
            localhost:8080/readyz`
            """
        case .refused: "raise the quota or change the policy of the namespace: `kubectl -n \(namespace) describe quota`"
        case .slow: "check again: `kubectl -n \(namespace) get pods`; when they are ready, `kubeforge smoke-test`"
        }
    }
}

extension PodFailure {
    /// What is wrong with one pod; nil when it is ready.
    init?(of pod: ClusterObject, events: [ClusterEvent]) {
        let status = pod.current
        if status?.ready == true { return nil }
        self =
            Self.unprepared(pod) ?? Self.unscheduled(pod) ?? Self.evicted(pod) ?? Self.waiting(
                status, pulls: Self.newest(["Failed"], pod, events) { $0.contains("pull image") }) ?? Self.ended(
                status, probe: Self.probe(pod, events))
            ?? Self.probe(pod, events) ?? Self.notCreated(pod, events) ?? Self.ended(status?.lastState?.terminated)
            ?? .slow
    }

    /// Its image may be missing, too, as for any container: that is told elsewhere.
    private static func unprepared(_ pod: ClusterObject) -> PodFailure? {
        guard let status = pod.unfinished, let ended = status.state?.terminated ?? status.lastState?.terminated,
            ended.exitCode != 0
        else { return nil }
        if ended.reason == "OOMKilled" { return .outOfMemory }
        let said = ended.message.map { ": " + $0.trimming(while: \.isWhitespace) } ?? ""
        return .initContainerFailed("\(status.name) ends with exit code \(ended.exitCode)\(said)")
    }

    private static func unscheduled(_ pod: ClusterObject) -> PodFailure? {
        let condition = pod.status?.conditions?.first { $0.type == "PodScheduled" && $0.status == "False" }
        return condition.map { .unschedulable($0.message ?? $0.reason ?? "the scheduler gives no reason") }
    }

    private static func evicted(_ pod: ClusterObject) -> PodFailure? {
        guard pod.status?.phase == "Failed", let reason = pod.status?.reason else { return nil }
        return .evicted([reason, pod.status?.message].compactMap { $0 }.joined(separator: ": "))
    }

    /// `pulls`: what the runtime said of its last pull; the pod itself only says that it backs off.
    private static func waiting(_ status: ClusterObject.ContainerStatus?, pulls: String?) -> PodFailure? {
        guard let waiting = status?.state?.waiting else { return nil }
        let text = [waiting.reason, waiting.message].compactMap { $0 }.joined(separator: ": ")
        switch waiting.reason {
        case "ImagePullBackOff", "ErrImagePull": return .imageMissing(pulls ?? text)
        case "ErrImageNeverPull", "InvalidImageName", "ImageInspectError": return .imageMissing(text)
        case "CreateContainerConfigError", "CreateContainerError", "RunContainerError": return .cannotStart(text)
        default: return nil
        }
    }

    /// It is down now. A program that a probe had ended is not to blame for its exit code.
    private static func ended(_ status: ClusterObject.ContainerStatus?, probe: PodFailure?) -> PodFailure? {
        guard status?.state?.waiting?.reason == "CrashLoopBackOff" || status?.state?.terminated != nil else {
            return nil
        }
        guard let ended = status?.state?.terminated ?? status?.lastState?.terminated else { return nil }
        if ended.reason != "OOMKilled", [0, 137, 143].contains(ended.exitCode), let probe { return probe }
        return self.ended(ended)
    }

    private static func ended(_ ended: ClusterObject.ContainerStatus.Terminated?) -> PodFailure? {
        ended.map {
            $0.reason == "OOMKilled" ? .outOfMemory : $0.exitCode == 137 ? .killed : .crashed(exitCode: $0.exitCode)
        }
    }

    private static func probe(_ pod: ClusterObject, _ events: [ClusterEvent]) -> PodFailure? {
        newest(["Unhealthy"], pod, events).map { .failingProbe($0) }
    }

    private static func notCreated(_ pod: ClusterObject, _ events: [ClusterEvent]) -> PodFailure? {
        newest(["FailedCreatePodSandBox", "FailedMount"], pod, events).map { .cannotStart($0) }
    }

    private static func newest(
        _ reasons: [String], _ pod: ClusterObject, _ events: [ClusterEvent],
        where fits: (String) -> Bool = { _ in true }
    ) -> String? {
        let own = events.filter {
            $0.involvedObject.name == pod.metadata.name && reasons.contains($0.reason ?? "") && fits($0.message ?? "")
        }
        return own.max { $0.time < $1.time }?.message
    }
}

extension ClusterObject {
    /// Whether the kubelet would try in vain to start this pod's container. One failed pull may be a hiccup: a kubelet
    /// that has not seen the pull secret yet asks without it, and gets in with the next attempt, some ten seconds
    /// later. Where no event tells how often it was tried, the pod's own word counts.
    func neverStarts(_ events: [ClusterEvent]) -> Bool {
        switch current?.state?.waiting?.reason {
        case "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError": return true
        case "ImagePullBackOff":
            let pulls = events.filter {
                $0.involvedObject.name == metadata.name && $0.reason == "Failed"
                    && $0.message?.contains("pull image") == true
            }
            return pulls.reduce(0) { $0 + Int(Double($1.count ?? 1), in: .counts) } != 1
        default: return false
        }
    }
}

/// Pods with one and the same fault, as lines for a person.
struct PodTermination {
    let cause: PodFailure
    /// None where the fault is that there are none.
    let pods: [ClusterObject]

    /// `logs`: the last lines of each pod.
    func lines(_ logs: [String: [String]]) -> [String] {
        guard let pod = pods.first else { return [cause.sentence] }
        let others = pods.count > 1 ? " (and \(pods.count - 1) more)" : ""
        let place = pod.spec?.nodeName.map { " on \($0)" } ?? ""
        // A container that never ran has no log: kubectl's complaint about that is none.
        let log = (logs[pod.metadata.name] ?? []).filter { !$0.hasPrefix("Error from server") }.suffix(8).map {
            "  | \($0)"
        }
        return ["\(pod.metadata.name)\(place)\(others): \(cause.sentence)"] + log
    }
}

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
