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
    /// The package that ships a file of this name: one that is still as it was shipped counts as nobody's.
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
    /// A killed write leaves the old file, and at most a file `.kubeforge.NUMBER` that the next write of the same path
    /// removes.
    /// Prints `kept` when it has kept what somebody else had there.
    package var write: Command {
        let script = """
            set -eu; path=$1
            umask 022; mkdir -p -- "$(dirname -- "$path")"; umask 077
            \(ShellFunction.place)
            \(ShellFunction.sweep)
            sweep "$path"; rm -f -- "$path.kubeforge.kept"
            new="$path.kubeforge.$$"; trap 'rm -f -- "$new"' EXIT; \(ShellFunction.endsBySignal)
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

/// What stood in a file before kubeforge wrote it or took it away: kept once, beside it.
package enum OriginalFile {
    /// Whether others write to this place, too: to /etc, but for the directory in which the kubelet takes every file
    /// for a pod.
    package static func mayBe(at path: String) -> Bool {
        path.hasPrefix("/etc/") && !path.hasPrefix("/etc/kubernetes/manifests/")
    }

    /// Where it is kept.
    package static func copy(of path: String) -> String { path + ".before-kubeforge" }

    /// A file on the machine whose first line names the digests that kubeforge wrote there: the last one, and the one
    /// before until that is replaced. What has another one is somebody else's.
    package static func note(of path: String) -> String { notes + SHA256.hex(path) }

    /// The directory of all notes.
    package static let notes = "/var/lib/kubeforge/written/"

    /// Takes a file away: one that kubeforge wrote is removed, and one of somebody else's becomes the copy, unless
    /// there is one. Prints `kept` when it has become it.
    package static func putAway(_ path: String) -> Command {
        let script = """
            set -eu; path=$1 note=$2 copy=$3 old= last= before= own=
            \(ShellFunction.place)
            if [ -f "$path" ] && [ ! -L "$path" ]; then
              old=$(sha256sum < "$path"); old=${old%% *}
              if [ -f "$note" ]; then read -r last before < "$note" || :; fi
              case $old in "$last"|"$before") own=yes;; esac
            fi
            if [ -z "$own" ] && { [ -e "$path" ] || [ -L "$path" ]; } && [ ! -e "$copy" ] && [ ! -L "$copy" ]; then
              place "$path" "$copy"; echo kept
            else
              rm -f -- "$path"
            fi
            """
        return Command("sh", "-c", Word(script), "sh", Word(path), Word(note(of: path)), Word(copy(of: path))).asRoot()
    }

    /// The part of the script that writes a file, between the new one's last byte and its name. The note comes first: a
    /// kill in between leaves the old file with a note that still knows it.
    static let keepAndNote = """
        note=$5 copy=$6 old= last= before=
        if [ -f "$path" ]; then old=$(sha256sum < "$path"); old=${old%% *}; fi
        if [ -f "$note" ]; then read -r last before < "$note" || :; fi
        theirs() {
          if [ -L "$path" ]; then return 0; fi
          case $old in ''|"$sum"|"$last"|"$before") return 1;; esac
          # dpkg knows the md5 of each configuration file as it was shipped.
          md5=$(md5sum < "$path")
          [ -z "$7" ] || ! dpkg-query -W -f '${Conffiles}\\n' -- "$7" 2>/dev/null | grep -qF " $path ${md5%% *}"
        }
        if theirs "$@"; then
          if [ ! -e "$copy" ] && [ ! -L "$copy" ]; then
            cp -pP -- "$path" "$path.kubeforge.kept"; place "$path.kubeforge.kept" "$copy"; echo kept
          fi
          old=
        fi
        (umask 022; mkdir -p -- "${note%/*}")
        printf '%s %s\\n%s\\n' "$sum" "$old" "$path" > "$note.$$"; place "$note.$$" "$note"
        """
}

/// Lines of POSIX shell that several scripts have in common.
package enum ShellFunction {
    /// The line after a `trap … EXIT`. A signal ends dash without that trap, and what a script made for itself would
    /// stay, with the token or key in it: TERM comes from a time limit, HUP, INT and PIPE from a connection that ends.
    package static let endsBySignal = "trap 'exit 143' HUP INT PIPE TERM"

    /// `place NEW PATH`: gives what was written beside it its real name. Its bytes are on the disk before: after a
    /// power cut XFS, and ext4 with a new name, may have the name and no bytes (fsync(2)); with the directory's entry
    /// synced, too, it is not lost either.
    package static let place = """
        place() {
          if [ -d "$1" ] && [ ! -L "$1" ]; then sync -f -- "$1"; elif [ ! -L "$1" ]; then sync -- "$1"; fi || return
          mv -fT -- "$1" "$2" || return
          case $2 in */*) sync -- "${2%/*}/";; *) sync -- .;; esac || :
        }
        """

    /// `sweep PATH`: removes what killed writes of the path have left beside it, named by their process number:
    /// `PATH.kubeforge.123`, a file or a directory, with `.tar` and `.copy`. Nothing else that begins so is touched.
    package static let sweep = """
        sweep() {
          for left in "$1".kubeforge.[0-9]*; do
            number=${left##*.kubeforge.}; number=${number%.tar}; number=${number%.copy}
            case $number in *[!0-9]*) ;; *) rm -rf -- "$left";; esac
          done
        }
        """
}
