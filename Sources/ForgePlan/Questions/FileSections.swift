import ForgeCore

/// `.file`: one `stat` and one `sha256sum` for all paths; built-ins find out which of them exist, and what kubeforge
/// wrote there.
struct FileSection: Section {
    private let paths: [String]

    init(_ questions: [Question]) {
        paths = questions.compactMap { if case .file(let path) = $0 { path } else { nil } }.uniqued()
    }

    var isEmpty: Bool { paths.isEmpty }

    var script: String {
        let probes = paths.enumerated().map { index, path in
            "probe \(index) \(path.shellQuoted)"
        }
        let notes = paths.enumerated().filter { !$1.hasPrefix("/var/lib/kubeforge/") }.map { index, path in
            "note \(index) \(OriginalFile.note(of: path).shellQuoted)"
        }
        return """
            there= regular=
            probe() { if [ -f "$2" ] && [ ! -L "$2" ]; then regular="$regular $1"; fi; if [ -e "$2" ] || [ -L "$2" ]; \
            then there="$there $1"; fi; }
            \(probes.joined(separator: "\n"))
            path() { case $1 in
            \(paths.enumerated().map { index, path in "\(index)) p=\(path.shellQuoted);;" }.joined(separator: "\n"))
            esac; }
            frame 0 "$there"
            frame 0 "$regular"
            set --; for i in $there; do path $i; set -- "$@" "$p"; done
            frame 0 "$([ $# = 0 ] || stat -c '%F|%a|%U:%G|%s|%Y' -- "$@")"
            set --; for i in $regular; do path $i; set -- "$@" "$p"; done
            note() { if [ -f "$2" ]; then read -r last before <"$2"; printf '= %s %s %s\\n' "$1" "$last" \
            "$before"; fi; }
            frame 0 "$([ $# = 0 ] || sha256sum -- "$@"
            \(notes.joined(separator: "\n")))"
            """
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        let there = try indices(try frames.next())
        let regular = try indices(try frames.next())
        let states = try frames.next().lines
        let last = try frames.next().lines
        let sums = last.filter { !$0.hasPrefix("= ") }
        let written = Self.notes(last)
        guard there.count == states.count, regular.count == sums.count else {
            throw Frames.Broken(reason: "a file disappeared while it was read", fix: "run it again")
        }
        let digests = Dictionary(zip(regular, sums.map(Self.digest))) { first, _ in first }
        var answers = Dictionary(paths.map { (Question.file($0), Answer.file(nil)) }) { first, _ in first }
        for (index, line) in zip(there, states) {
            answers[.file(paths[index])] = .file(Self.state(line, digests[index], written[index]))
        }
        return answers
    }

    /// Of the paths that the machine speaks of; it may say any number.
    private func indices(_ frame: Frames.Frame) throws(Frames.Broken) -> [Int] {
        var found: [Int] = []
        for word in frame.text.split(separator: " ") {
            guard let index = Int(word, in: 0...(paths.count - 1)), index > found.last ?? -1 else {
                throw Frames.Broken(reason: "expected numbers of files, got “\(frame.text.prefix(80))”")
            }
            found.append(index)
        }
        return found
    }

    /// A backslash leads the line when the name had to be escaped.
    private static func digest(_ line: String) -> String { String(line.drop { $0 == "\\" }.prefix(64)) }

    /// `= INDEX DIGEST [DIGEST]`
    private static func notes(_ lines: [String]) -> [Int: [String]] {
        let notes = lines.filter { $0.hasPrefix("= ") }.map { $0.split(separator: " ").map(String.init) }
        return Dictionary(
            notes.compactMap { note in note.dropFirst().first.flatMap { Int($0) }.map { ($0, Array(note.dropFirst(2))) }
            }
        ) {
            first, _ in first
        }
    }

    private static func state(_ line: String, _ sha256: String?, _ written: [String]?) -> FileState? {
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 5, let mode = UInt16(fields[1], radix: 8), let size = Int(fields[3], in: .sizes),
            let modified = Int(fields[4], in: .moments)
        else {
            return nil
        }
        return FileState(
            kind: kind(fields[0]), mode: mode, owner: fields[2], size: size, sha256: sha256, modified: modified,
            written: written ?? [])
    }

    private static func kind(_ name: String) -> FileState.Kind {
        switch name {
        case "regular file", "regular empty file": .regular
        case "directory": .directory
        case "symbolic link": .symlink
        default: .other
        }
    }
}

/// `.contents`: the bytes of text files, at most 1 MiB of each.
struct ContentsSection: Section {
    private let paths: [String]

    init(_ questions: [Question]) {
        paths = questions.compactMap { if case .contents(let path) = $0 { path } else { nil } }.uniqued()
    }

    var isEmpty: Bool { paths.isEmpty }

    /// The `x` keeps the newlines at the end, which command substitution would take away.
    var script: String {
        paths.map { path in
            """
            if [ -f \(path.shellQuoted) ]; then c=$(head -c 1048576 -- \(path.shellQuoted); printf x); frame 0 \
            \"${c%x}\"; else frame 1 ''; fi
            """
        }.joined(separator: "\n")
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        var answers: [Question: Answer] = [:]
        for path in paths {
            let frame = try frames.next()
            answers[.contents(path)] = .contents(frame.code == 0 ? frame.bytes : nil)
        }
        return answers
    }
}
