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
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
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

    /// Of year, month, day, hour, minute and second, with the leap second.
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
