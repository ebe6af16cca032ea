import ForgeCore

/// `.sysctl`, `.module` and `.swaps`: files of /proc and /sys, read by shell built-ins alone.
struct KernelSection: Section {
    private let keys: [String]
    private let modules: [String]
    private let asksSwaps: Bool

    init(_ questions: [Question]) {
        keys = questions.compactMap { if case .sysctl(let key) = $0 { key } else { nil } }.uniqued()
        modules = questions.compactMap { if case .module(let name) = $0 { name } else { nil } }.uniqued()
        asksSwaps = questions.contains(.swaps)
    }

    var isEmpty: Bool { keys.isEmpty && modules.isEmpty && !asksSwaps }

    var script: String {
        let reads = keys.map { key in
            let path = "/proc/sys/" + key.split(separator: ".").joined(separator: "/")
            return "v=; if read -r v 2>/dev/null < \(path.shellQuoted); then frame 0 \"$v\"; else frame 1 ''; fi"
        }
        let looks = modules.map { name in
            "if \(Self.evidence(of: name).map { "[ -e \($0.shellQuoted) ]" }.joined(separator: " || ")); then frame 0 ''; else frame 1 ''; fi"
        }
        let swaps = asksSwaps ? ["s=; while read -r area rest; do [ \"$area\" = Filename ] || s=\"$s$area\n\"; done < /proc/swaps; frame 0 \"$s\""] : []
        return (reads + looks + swaps).joined(separator: "\n")
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var answers: [Question: Answer] = [:]
        for key in keys {
            let frame = try frames.next()
            answers[.sysctl(key)] = .sysctl(frame.code == 0 ? frame.text : nil)
        }
        for name in modules { answers[.module(name)] = .module(isThere: try frames.next().code == 0) }
        if asksSwaps { answers[.swaps] = .swaps(try frames.next().lines) }
        return answers
    }

    /// What exists when a module is there. A module without parameters that is built into the kernel has no folder in
    /// /sys/module, so those that Kubernetes needs are known by what they bring, too.
    private static func evidence(of module: String) -> [String] {
        let brings = ["br_netfilter": ["/proc/sys/net/bridge/bridge-nf-call-iptables"], "overlay": ["/sys/module/overlay"]]
        return ["/sys/module/\(module)"] + brings[module, default: []]
    }
}
