import ForgeCore

/// `.file`: one `stat` and one `sha256sum` for all paths; built-ins find out which of them exist.
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
        return """
            there= regular=
            probe() { if [ -f "$2" ] && [ ! -L "$2" ]; then regular="$regular $1"; fi; if [ -e "$2" ] || [ -L "$2" ]; then there="$there $1"; fi; }
            \(probes.joined(separator: "\n"))
            path() { case $1 in
            \(paths.enumerated().map { index, path in "\(index)) p=\(path.shellQuoted);;" }.joined(separator: "\n"))
            esac; }
            frame 0 "$there"
            frame 0 "$regular"
            set --; for i in $there; do path $i; set -- "$@" "$p"; done
            frame 0 "$([ $# = 0 ] || stat -c '%F|%a|%U:%G|%s|%Y' -- "$@")"
            set --; for i in $regular; do path $i; set -- "$@" "$p"; done
            frame 0 "$([ $# = 0 ] || sha256sum -- "$@")"
            """
    }

    func parse(_ frames: inout Frames) throws(Frames.Broken) -> [Question: Answer] {
        let there = try indices(try frames.next())
        let regular = try indices(try frames.next())
        let states = try frames.next().lines
        let sums = try frames.next().lines
        guard there.count == states.count, regular.count == sums.count else {
            throw Frames.Broken(reason: "a file vanished while it was looked at", fix: "run it again")
        }
        let digests = Dictionary(zip(regular, sums.map(Self.digest))) { first, _ in first }
        var answers = Dictionary(paths.map { (Question.file($0), Answer.file(nil)) }) { first, _ in first }
        for (index, line) in zip(there, states) { answers[.file(paths[index])] = .file(Self.state(line, sha256: digests[index])) }
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

    private static func state(_ line: String, sha256: String?) -> FileState? {
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 5, let mode = UInt16(fields[1], radix: 8), let size = Int(fields[3], in: .sizes),
            let modified = Int(fields[4], in: -(1 << 53)...(1 << 53))
        else {
            return nil
        }
        return FileState(kind: kind(fields[0]), mode: mode, owner: fields[2], size: size, sha256: sha256, modified: modified)
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
