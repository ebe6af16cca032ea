import ForgeTemplates

/// What images of clouds and owners of machines do, one file each below `templates/lab/machine/habits`; `prepare` runs
/// them in order.
struct Habits: Sendable, Hashable {
    /// Those that the files name in a line `# Packages: …`: they are part of the root file system.
    let packages: [String]

    init(_ templates: Templates) {
        let files = templates.folder("lab/machine/habits").sorted { $0.key < $1.key }
        packages = files.flatMap { file in
            file.value.split(separator: "\n").filter { $0.hasPrefix(Self.sign) }
                .flatMap { $0.dropFirst(Self.sign.count).split(separator: " ").map(String.init) }
        }
    }

    private static let sign = "# Packages: "
}
