/// One COPY or ADD of a Dockerfile that takes files from the build context.
struct DockerfileCopy: Sendable, Hashable, CustomStringConvertible {
    let sources: [String]
    let destination: String

    var description: String { "COPY \((sources + [destination]).joined(separator: " "))" }

    /// All of a Dockerfile, in its order; what comes from another stage or image (`--from`) is left out.
    static func all(in dockerfile: String) -> [DockerfileCopy] {
        dockerfile.replacing(/\\[ \t]*\n/, with: " ").split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let verb = words.first?.uppercased(), ["COPY", "ADD"].contains(verb) else { return nil }
            if words.contains(where: { $0.hasPrefix("--from=") }) { return nil }
            let paths = words.dropFirst().filter { !$0.hasPrefix("--") }
            return DockerfileCopy(sources: Array(paths.dropLast()), destination: paths.last ?? "")
        }
    }

    /// What BuildKit says against it in a context of these files; nil when it copies.
    ///
    /// BuildKit looks for a pattern's matches below the directory in front of it, which must be there; matching nothing
    /// is allowed.
    func complaintOfBuildKit(_ files: Set<String>) -> String? {
        for source in sources {
            let parts = source.split(separator: "/").map(String.init)
            let fixed = parts.prefix { !Self.isPattern($0) }.joined(separator: "/")
            if !fixed.isEmpty, fixed != ".", !Self.exists(fixed, files) {
                return "lstat /\(fixed): no such file or directory"
            }
        }
        return complaintAboutDestination
    }

    /// The same of Docker's classic builder: a pattern may match nothing, but not all of them nothing.
    func complaintOfClassicBuilder(_ files: Set<String>) -> String? {
        var isAnythingCopied = false
        for source in sources {
            if Self.isPattern(source) {
                isAnythingCopied = isAnythingCopied || files.contains { Self.matches($0, source) }
            } else if source == "." || Self.exists(source, files) {
                isAnythingCopied = true
            } else {
                return "COPY failed: file not found in build context: stat \(source): file does not exist"
            }
        }
        return isAnythingCopied ? complaintAboutDestination : "COPY failed: no source files were specified"
    }

    private var complaintAboutDestination: String? {
        let canBeMany = sources.count > 1 || sources.contains(where: Self.isPattern)
        return canBeMany && !destination.hasSuffix("/")
            ? "when using COPY with more than one source file, the destination must end with a /" : nil
    }

    private static func isPattern(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }

    private static func exists(_ path: String, _ files: Set<String>) -> Bool {
        files.contains { $0 == path || $0.hasPrefix(path + "/") }
    }

    /// As Go's filepath.Match for what Dockerfiles use: `*` and `?` stop at a slash, `[…]` is one of the characters in
    /// it.
    static func matches(_ path: String, _ pattern: String) -> Bool {
        let (names, patterns) = (path.split(separator: "/"), pattern.split(separator: "/"))
        return names.count == patterns.count && zip(names, patterns).allSatisfy { matches($0[...], part: $1[...]) }
    }

    private static func matches(_ name: Substring, part: Substring) -> Bool {
        guard let first = part.first else { return name.isEmpty }
        switch first {
        case "*":
            return (0...name.count).contains { matches(name.dropFirst($0), part: part.dropFirst()) }
        case "[":
            let set = part.dropFirst().prefix { $0 != "]" }
            guard let next = name.first, set.contains(next) else { return false }
            return matches(name.dropFirst(), part: part.dropFirst(set.count + 2))
        case "?": return !name.isEmpty && matches(name.dropFirst(), part: part.dropFirst())
        default: return name.first == first && matches(name.dropFirst(), part: part.dropFirst())
        }
    }
}
