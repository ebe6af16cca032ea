/// How a run works and how it is shown, whatever it does.
package struct RunOptions: Sendable {
    /// JSON lines on standard output, in place of text for people.
    package var isJSON = false
    /// As `--quiet` or `--verbose` chooses; JSON always has everything.
    package var detail = ScreenReporter.Detail.normal
    /// False for `--no-color`; `$NO_COLOR` and a stream that is no terminal switch colours off by themselves.
    package var hasColour = true
    /// A directory laid out like templates/, whose files replace the built-in ones.
    package var templates: String?
    /// Whether host keys that are not in known_hosts yet are accepted and saved.
    package var acceptsNewHostKeys = false
    /// How many hosts are worked on at once.
    package var width = 32

    package init() {}
}
