/// Functions of POSIX shell that several scripts have in common.
package enum ShellFunction {
    /// `place NEW PATH`: gives what was written beside it its real name. Its bytes are on the disk before: after a
    /// power cut XFS, and ext4 with a new name, may have the name and no bytes (fsync(2)); with the folder's entry
    /// synced, too, it is not lost either.
    package static let place = """
        place() {
          if [ -d "$1" ] && [ ! -L "$1" ]; then sync -f -- "$1"; elif [ ! -L "$1" ]; then sync -- "$1"; fi || return
          mv -fT -- "$1" "$2" || return
          case $2 in */*) sync -- "${2%/*}/";; *) sync -- .;; esac || :
        }
        """
}
