import ForgeCore

/// `.unit`: one `systemctl show` for all units.
struct UnitSection: Section {
    private let names: [String]

    init(_ questions: [Question]) {
        names = questions.compactMap { if case .unit(let name) = $0 { name } else { nil } }.uniqued()
    }

    var isEmpty: Bool { names.isEmpty }

    var script: String {
        let words = names.map(\.shellQuoted).joined(separator: " ")
        let properties = "LoadState,ActiveState,UnitFileState,ActiveEnterTimestamp,InvocationID"
        return "frame 0 \"$(systemctl show --property=\(properties) -- \(words) 2>/dev/null)\""
    }

    /// systemctl prints a block for each unit, in the order they were named, with an empty line between.
    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        let text = try frames.next().text
        let blocks =
            text.isEmpty ? [] : text.split(separator: "\n\n", omittingEmptySubsequences: false).map(Self.properties)
        guard blocks.count == names.count else {
            throw Frames.Broken(
                reason: "systemctl showed \(blocks.count) of \(names.count) units",
                fix:
                    """
                    kubeforge needs a machine that was booted with systemd: `systemctl is-system-running` should \
                    answer there
                    """
            )
        }
        return Dictionary(zip(names, blocks).map { (.unit($0), .unit(Self.state($1))) }) { first, _ in first }
    }

    private static func properties(_ block: Substring) -> [String: String] {
        let pairs = block.split(separator: "\n").compactMap { line -> (String, String)? in
            line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[$0...].dropFirst())) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private static func state(_ properties: [String: String]) -> UnitState {
        UnitState(
            load: properties["LoadState"] ?? "not-found", active: properties["ActiveState"] ?? "inactive",
            enabled: properties["UnitFileState"] ?? "",
            since: properties["ActiveEnterTimestamp"].flatMap(secondsSince1970),
            invocation: properties["InvocationID"] ?? "")
    }

    /// The bounds of year, month, day, hour, minute and second, with the leap second.
    private static let bounds = [1970...9999, 1...12, 1...31, 0...23, 0...59, 0...60]

    /// `Sat 2026-11-21 11:10:54 UTC`, as systemctl prints a time under TZ=UTC (`--timestamp=unix` is not in systemd
    /// 245).
    static func secondsSince1970(_ text: String) -> Int? {
        let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count == 6, text.hasSuffix("UTC"), zip(numbers, Self.bounds).allSatisfy({ $1.contains($0) })
        else { return nil }
        let (year, month, day) = (numbers[0] - (numbers[1] <= 2 ? 1 : 0), numbers[1], numbers[2])
        // Days from the civil date, with the year beginning in March, so that the leap day is its last.
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
    }
}

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

    /// What exists when a module is there. A module without parameters that is built into the kernel has no directory
    /// in /sys/module, so those that Kubernetes needs are known by what they bring, too.
    private static func evidence(of module: String) -> [String] {
        let brings = [
            "br_netfilter": ["/proc/sys/net/bridge/bridge-nf-call-iptables"], "overlay": ["/sys/module/overlay"],
        ]
        return ["/sys/module/\(module)"] + brings[module, default: []]
    }
}

/// `.command`: each in a shell of its own. Several of them run at once, beside the other sections: a `kubectl` takes
/// 0.1 s or more.
struct CommandSection: Section {
    private let commands: [String]

    /// How many run at once on a host; a `kubectl` needs 50 MB of memory.
    private static let lanes = 4
    /// Seconds after which a command that hangs counts as failed (124, as `timeout` says), so that it does not hide all
    /// other answers.
    /// On a slow control plane `kubectl diff` of a service takes more than 40 s.
    private static let limit = 100
    /// Seconds for all of them together: when several hang, the later ones get what is left, so that the script ends
    /// with an answer for each before its own time is over.
    private let total: Int

    init(_ questions: [Question], within total: Int = 240) {
        self.total = total
        commands = questions.compactMap { if case .command(let text) = $0 { text } else { nil } }.uniqued()
    }

    var isEmpty: Bool { commands.isEmpty }

    /// Every lane takes its commands one after the other. /run is in memory: a full disk does not matter, and nothing
    /// outlives a reboot.
    var early: String {
        guard commands.count > 1 else { return "" }
        let lanes = (0..<min(Self.lanes, commands.count)).map { lane in
            let jobs = stride(from: lane, to: commands.count, by: Self.lanes).map {
                "job \($0) \(commands[$0].shellQuoted)"
            }
            return "{\n\(jobs.joined(separator: "\n"))\n} &"
        }
        return """
            jobs=$(mktemp -d -p /run kubeforge.XXXXXX 2>/dev/null || mktemp -d) || exit 1
            trap 'rm -rf -- "$jobs"' EXIT; \(ShellFunction.endsBySignal)
            read -r up rest </proc/uptime; end=$((${up%%.*} + \(total)))
            job() { read -r up rest </proc/uptime; left=$((end - ${up%%.*}))
            if [ $left -gt \(Self.limit) ]; then left=\(Self.limit); elif [ $left -lt 1 ]; then left=1; fi
            \(Self.run("\"$2\"", within: "$left")) >"$jobs/$1"; echo $? >"$jobs/$1.code"
            }
            \(lanes.joined(separator: "\n"))
            """
    }

    var script: String {
        guard commands.count > 1 else {
            return commands.map { command in
                "c=$(\(Self.run(command.shellQuoted, within: String(Self.limit)))); frame $? \"$c\""
            }.joined()
        }
        return """
            wait
            for job in \(commands.indices.map(String.init).joined(separator: " ")); do
            read -r code <"$jobs/$job.code"; c=$(cat "$jobs/$job"); frame "$code" "$c"
            done
            """
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var answers: [Question: Answer] = [:]
        for command in commands {
            let frame = try frames.next()
            answers[.command(command)] = .command(CommandState(exitCode: frame.code, text: frame.text))
        }
        return answers
    }

    private static func run(_ word: String, within seconds: String) -> String {
        "timeout \(seconds) sh -c \(word) </dev/null 2>/dev/null"
    }
}
