import ForgeCore

/// A line of BuildKit's plain progress: `#12 5.123 text` is what step 12 printed after 5.123 s. When a step fails,
/// BuildKit repeats what it printed and shows the place in the Dockerfile between lines of dashes; its own last word
/// begins with `ERROR: failed to solve:`.
enum BuildKitLine {
    /// Whether only BuildKit prints it.
    static func isSign(_ line: String) -> Bool { line.hasPrefix("#1 ") || line.contains("failed to solve") }

    /// What it tells a person, without step and time; nil when it tells of progress or repeats the Dockerfile.
    static func told(_ line: String) -> String? {
        if line.allSatisfy({ $0 == "-" }) || line.contains(/^Dockerfile:[0-9]+$|^[0-9]+ \|( |$)|^> \[/) { return nil }
        let text = line.replacing(/^(#[0-9]+ )?([0-9]+\.[0-9]+ )?/, with: "")
        let progress =
            #/
            ^(DONE|CACHED)\b|^\[.*\]
            |^(building\ with|transferring|resolve|extracting|exporting|writing|naming|unpacking|sha256:|\.\.\.)
            /#
        return text.isEmpty || line.hasPrefix("#") && text.contains(progress) ? nil : text
    }
}
