import ForgeCore

/// A symbolic link leads to a path, which need not be there yet.
package struct LinkIs: Step {
    /// Where the link is; directories above it are made.
    package let path: String
    /// Absolute; it is compared as text only where nothing is there.
    package let target: String
    /// What the link is for: `containerd believes the certificate of the cluster's registry`.
    package let title: String

    package init(_ path: String, to target: String, title: String) {
        self.path = path
        self.target = target
        self.title = title
    }

    package var questions: [Question] { [.command(look)] }

    /// A path that reaches the same file in another way is as good as the link.
    package func differences(given answers: Answers) -> [Difference] {
        answers.command(look).exitCode == 0 ? [] : ["\(path) does not lead to \(target)"]
    }

    /// Replaces a link; what else somebody has there is kept in /etc, and replaced elsewhere, where a directory stays
    /// and the step fails.
    package func apply(to machine: Machine) async throws {
        if let state = try await machine.ask([.file(path)]).file(path), state.kind != .symlink {
            try await machine.remove(path)
        }
        let script = "set -eu; umask 022; mkdir -p -- \"${1%/*}\"; ln -sfnT -- \"$2\" \"$1\""
        try await machine.run(Command("sh", "-c", Word(script), "sh", Word(path), Word(target)).asRoot())
    }

    /// The shell itself sees that both are one file; only where the target is missing a program has to read the link.
    private var look: String {
        """
        [ \(path.shellQuoted) -ef \(target.shellQuoted) ] || [ \"$(readlink -- \(path.shellQuoted))\" = \
        \(target.shellQuoted) ]
        """
    }
}
