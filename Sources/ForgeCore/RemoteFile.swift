/// A file as it should be on a host.
package struct RemoteFile: Sendable, Hashable {
    /// Absolute; directories above it are made.
    package var path: String
    /// All of it; a file of another content is replaced, not changed.
    package var content: [UInt8]
    /// Permission bits, such as 0o644.
    package var mode: UInt16
    /// `user:group`.
    package var owner: String
    /// Whether the content is kept out of logs and messages.
    package var isSecret: Bool
    /// Whether others write to this place, too: what they have there is kept, and what kubeforge writes is noted.
    package var isShared: Bool
    /// The package that ships a file of this name: one that is as it was shipped is nobody's work.
    package var package: String?

    package init(
        _ path: String, _ text: String, mode: UInt16 = 0o644, owner: String = "root:root", isSecret: Bool = false
    ) {
        self.init(path, bytes: Array(text.utf8), mode: mode, owner: owner, isSecret: isSecret)
    }

    /// `isShared` is that of the place where it is not given.
    package init(
        _ path: String, bytes: [UInt8], mode: UInt16 = 0o644, owner: String = "root:root", isSecret: Bool = false,
        isShared: Bool? = nil,
        package: String? = nil
    ) {
        self.path = path
        self.content = bytes
        self.mode = mode
        self.owner = owner
        self.isSecret = isSecret
        self.isShared = isShared ?? OriginalFile.mayBe(at: path)
        self.package = package
    }

    /// Writes it so that nobody ever sees half of it: into a temporary name beside it, mode and owner set, its sha256
    /// compared, renamed.
    /// A killed write leaves the old file, and at most a `.kubeforge.*` file that the next write of the same path
    /// removes.
    /// Prints `kept` when it has kept what somebody else had there.
    package var write: Command {
        let script = """
            set -eu; path=$1
            umask 022; mkdir -p -- "$(dirname -- "$path")"; umask 077
            rm -f -- "$path".kubeforge.*
            new="$path.kubeforge.$$"; trap 'rm -f -- "$new"' EXIT
            \(ShellFunction.place)
            cat > "$new"
            sum=$(sha256sum < "$new"); sum=${sum%% *}
            if [ "$sum" != "$2" ]; then echo "$path: sha256 is $sum after the transfer, expected $2" >&2; exit 1; fi
            chown -- "$4" "$new"; chmod -- "$3" "$new"
            \(isShared ? OriginalFile.keepAndNote : "")
            place "$new" "$path"
            """
        let shared: [Word] =
            isShared ? [Word(OriginalFile.note(of: path)), Word(OriginalFile.copy(of: path)), Word(package ?? "")] : []
        let command = Command(
            [
                Word("sh"), "-c", Word(script), "sh", Word(path), Word(SHA256.hex(content)),
                Word(String(mode, radix: 8)), Word(owner),
            ]
                + shared)
        return command.reading(isSecret ? .secret(content) : .bytes(content)).asRoot()
    }
}
