import ArgumentParser

/// Which services of the inventory a command is about.
struct ServiceOption: ParsableArguments {
    @Option(
        name: .customLong("service"),
        help: ArgumentHelp(
            "The service, where the inventory has several. Can be repeated. Default: all of them.", valueName: "name"))
    var names: [String] = []
}
