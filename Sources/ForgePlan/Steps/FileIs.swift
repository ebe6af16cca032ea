import ForgeCore

/// A file has this content, mode and owner.
package struct FileIs: Step {
    /// The path, with the bytes, mode and owner that it shall have.
    package let file: RemoteFile
    /// What the file does, such as `flannel's manifest is written`.
    package let title: String

    /// The title defaults to "PATH is up to date"; a better one says what the file does.
    package init(_ file: RemoteFile, title: String? = nil) {
        self.file = file
        self.title = title ?? "\(file.path) is up to date"
    }

    /// The copy of an original is asked for only where others may have written to the path, too.
    package var questions: [Question] {
        [.file(file.path)] + (file.isShared ? [.file(OriginalFile.copy(of: file.path))] : [])
    }

    /// Content, mode and owner are told apart; a link or a directory at the path is one difference.
    package func differences(given answers: Answers) -> [Difference] {
        guard let state = answers.file(file.path) else { return ["\(file.path) is missing"] }
        guard state.kind == .regular else { return ["\(file.path) is a \(state.kind.rawValue), not a file"] }
        var found: [Difference] = []
        if state.sha256 != SHA256.hex(file.content) {
            found.append((file.isShared ? Self.theirs(file.path, state, answers) : nil) ?? "\(file.path) differs")
        }
        if state.mode != file.mode {
            found.append(Difference("mode of \(file.path)", from: octal(state.mode), to: octal(file.mode)))
        }
        if state.owner != file.owner {
            found.append(Difference("owner of \(file.path)", from: state.owner, to: file.owner))
        }
        return found
    }

    /// Whole or not at all; at a shared path, what somebody else had there is kept beside it.
    package func apply(to machine: Machine) async throws { try await machine.write(file) }

    /// What is there is kept when it is somebody else's, and nothing is kept yet; nil where it is kubeforge's.
    static func theirs(_ path: String, _ state: FileState, _ answers: Answers) -> Difference? {
        if state.isKubeforges { return nil }
        let copy = OriginalFile.copy(of: path)
        return answers.file(copy) == nil
            ? "\(path) has somebody else's content, which is kept as \(copy)"
            : "\(path) was changed by somebody else, and is rewritten (\(copy) is the original)"
    }

    private func octal(_ mode: UInt16) -> String { "0" + String(mode, radix: 8) }
}

/// A path does not exist. What somebody else has there is kept beside it.
package struct FileIsAbsent: Step {
    /// Absolute. A link is removed itself, not what it leads to.
    package let path: String
    /// What its absence means: `no join token is left`.
    package let title: String

    package init(_ path: String, title: String) {
        self.path = path
        self.title = title
    }

    package var questions: [Question] {
        [.file(path)] + (OriginalFile.mayBe(at: path) ? [.file(OriginalFile.copy(of: path))] : [])
    }

    package func differences(given answers: Answers) -> [Difference] {
        guard let state = answers.file(path) else { return [] }
        if !OriginalFile.mayBe(at: path) || state.isKubeforges { return ["\(path) exists"] }
        let copy = OriginalFile.copy(of: path)
        return answers.file(copy) == nil
            ? ["\(path) is somebody else's, and is kept as \(copy)"]
            : ["\(path) was written again by somebody else, and is removed (\(copy) is the original)"]
    }

    /// As `Machine.remove`, which keeps what somebody else has in /etc. Elsewhere it fails for a directory.
    package func apply(to machine: Machine) async throws { try await machine.remove(path) }
}

/// A symbolic link leads to a path, which need not be there yet.
package struct LinkIs: Step {
    /// Where the link is; directories above it are made.
    package let path: String
    /// Absolute; it is compared as text only where nothing is there.
    package let target: String
    /// What the link is for: `containerd trusts the certificate of the cluster's registry`.
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

    /// What somebody has there, a link included, is kept in /etc, and replaced elsewhere, where a directory stays and
    /// the step fails.
    package func apply(to machine: Machine) async throws {
        if try await machine.ask([.file(path)]).file(path) != nil { try await machine.remove(path) }
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
