/// What stood in a file before kubeforge wrote it or took it away: kept once, beside it.
package enum OriginalFile {
    /// Whether others write to this place, too: to /etc, but for the folder in which the kubelet takes every file for a
    /// pod.
    package static func mayBe(at path: String) -> Bool {
        path.hasPrefix("/etc/") && !path.hasPrefix("/etc/kubernetes/manifests/")
    }

    /// Where it is kept.
    package static func copy(of path: String) -> String { path + ".before-kubeforge" }

    /// A file on the machine whose first line names the digests that kubeforge wrote there: the last one, and the one
    /// before until that is replaced. What has another one is somebody else's.
    package static func note(of path: String) -> String { notes + SHA256.hex(path) }

    /// The folder of all notes.
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

    /// Of the script that writes a file, between the new one's last byte and its name. The note comes first: a kill in
    /// between leaves the old file with a note that still knows it.
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
