import ArgumentParser

/// `--templates`: files that replace those that the program brings.
struct TemplatesOption: ParsableArguments {
    @Option(
        name: .customLong("templates"),
        help: ArgumentHelp(
            "A directory laid out like templates/, whose files replace the built-in ones.", valueName: "dir"),
        completion: .directory)
    var directory: String?
}
