/// A file as it shall be on a host.
package struct RemoteFile: Sendable, Hashable {
    package var path: String
    package var content: [UInt8]
    /// Permission bits, such as 0o644.
    package var mode: UInt16
    /// `user:group`.
    package var owner: String
    package var isSecret: Bool

    package init(_ path: String, _ text: String, mode: UInt16 = 0o644, owner: String = "root:root", isSecret: Bool = false) {
        self.init(path, bytes: Array(text.utf8), mode: mode, owner: owner, isSecret: isSecret)
    }

    package init(_ path: String, bytes: [UInt8], mode: UInt16 = 0o644, owner: String = "root:root", isSecret: Bool = false) {
        self.path = path
        self.content = bytes
        self.mode = mode
        self.owner = owner
        self.isSecret = isSecret
    }

    /// Writes it so that nobody ever sees half of it: into a temporary name beside it, mode and owner set, its sha256 compared, renamed.
    /// A killed write leaves the old file, and at most a `.kubeforge.*` file that the next write of the same path removes.
    package var write: Command {
        let script = """
            set -eu; path=$1
            umask 022; mkdir -p -- "$(dirname -- "$path")"; umask 077
            rm -f -- "$path".kubeforge.*
            new="$path.kubeforge.$$"; trap 'rm -f -- "$new"' EXIT
            cat > "$new"
            sum=$(sha256sum < "$new"); sum=${sum%% *}
            if [ "$sum" != "$2" ]; then echo "$path: sha256 is $sum after the transfer, expected $2" >&2; exit 1; fi
            chown -- "$4" "$new"; chmod -- "$3" "$new"; mv -fT -- "$new" "$path"
            """
        let command = Command(
            "sh", "-c", Word(script), "sh", Word(path), Word(SHA256.hex(content)), Word(String(mode, radix: 8)), Word(owner))
        return command.reading(isSecret ? .secret(content) : .bytes(content)).asRoot()
    }
}
