import ForgeCore

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
