import ForgeCore
import ForgePlan

/// Files of others that kubeforge adds lines to, or takes some out of: told before anything is changed, it can write
/// back all that it read.
enum EditableFiles {
    static let requirement = Requirement(
        "the files that get lines of kubeforge's can be read whole",
        asking: paths.flatMap { [.contents($0), .file($0)] },
        fix:
            """
            make it a text file of at most 1 MiB (a long list of blocked names can move to a name server), and run again
            """
    ) { answers in paths.flatMap { faults(of: $0, answers) } }

    private static let paths = [HostsFile.path, HostsFile.template, SwapOff.fstab]

    static func faults(of path: String, _ answers: Answers) -> [Difference] {
        guard let bytes = answers.contents(path), answers.editable(path) == nil, let state = answers.file(path) else {
            return []
        }
        if state.kind == .symlink { return ["\(path) is a symbolic link: a file would take its place"] }
        if state.size > bytes.count, bytes.count == 1 << 20 {
            return ["\(path) has \(state.size) bytes, and kubeforge reads 1 MiB"]
        }
        return ["\(path) has NUL bytes, or changes while it is read"]
    }
}
