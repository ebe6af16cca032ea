import ForgeCore

/// `.sysctl`, `.module` and `.swaps`: files of /proc and /sys.
///
/// All kernel settings are read by one `grep`: dash reads byte by byte, and /proc/sys gives a number's first byte only
/// to such a reader.
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
        let paths = keys.map { Self.path(of: $0).shellQuoted }.joined(separator: " ")
        let reads = keys.isEmpty ? [] : ["frame 0 \"$(grep -Hs '' -- \(paths))\""]
        let looks = modules.map { name in
            """
            if \(Self.evidence(of: name).map { "[ -e \($0.shellQuoted) ]" }.joined(separator: " || ")); then frame 0 \
            ''; else frame 1 ''; fi
            """
        }
        let swaps =
            asksSwaps
            ? [
                """
                s=; while read -r area rest; do [ \"$area\" = Filename ] || s=\"$s$area\n\"; done < /proc/swaps; frame \
                0 \"$s\"
                """
            ] : []
        return (reads + looks + swaps).joined(separator: "\n")
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var answers: [Question: Answer] = [:]
        if !keys.isEmpty {
            let lines = try frames.next().lines
            for key in keys {
                let prefix = Self.path(of: key) + ":"
                answers[.sysctl(key)] = .sysctl(
                    lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
            }
        }
        for name in modules { answers[.module(name)] = .module(isThere: try frames.next().code == 0) }
        if asksSwaps { answers[.swaps] = .swaps(try frames.next().lines) }
        return answers
    }

    private static func path(of key: String) -> String {
        "/proc/sys/" + key.split(separator: ".").joined(separator: "/")
    }

    /// What exists when a module is there. A module without parameters that is built into the kernel has no folder in
    /// /sys/module, so those that Kubernetes needs are known by what they bring, too.
    private static func evidence(of module: String) -> [String] {
        let brings = [
            "br_netfilter": ["/proc/sys/net/bridge/bridge-nf-call-iptables"], "overlay": ["/sys/module/overlay"],
        ]
        return ["/sys/module/\(module)"] + brings[module, default: []]
    }
}
