import ForgeCore

/// The folder on the machine that builds where images lie in parts, each part once, however many images share it.
/// Scripts run in bash for its `pipefail`: half an image must not look like a whole one.
struct ImageStore {
    let release: Release
    var place = Places.images
    /// Where what is packed lies until it is sent.
    var passing = PackedArchive.folder

    /// Takes the image apart unless that is done: prints the parts then, and Docker's own `manifest.json` otherwise.
    var unpack: Command {
        bash(
            """
            id=$(docker image inspect --format '{{.Id}}' -- "$1")
            if [ "$(head -n 1 "$record" 2>/dev/null)" = "image $id" ]; then cat "$record"; exit; fi
            rm -rf -- "$new"; mkdir -p -- "$new"
            docker save -- "$1" | tar -xf - -C "$new" --no-same-owner
            echo "image $id" > "$new/record"
            cat "$new/manifest.json"
            """, [Word(release.image)])
    }

    /// Puts the parts, given as paths in the archive, into the store under their digests, and prints them. The record is renamed last.
    /// Digests are made on all processors: they are half of the work.
    func keep(_ image: SavedImage) -> Command {
        bash(
            """
            mkdir -p -- "$store/blobs/sha256"; exec 9>"$store/lock"; flock 9
            declare -A sums; role=config
            while read -r digest path; do sums[$path]=$digest; done < <(
              cd -- "$new"; printf '%s\\n' "$@" | xargs -d '\\n' -n 1 -P "$(nproc)" sha256sum --)
            for path in "$@"; do
              file=$(readlink -e -- "$new/$path")
              case $file in "$(readlink -e -- "$new")"/*) ;; *) echo "$path is not in the archive" >&2; exit 1;; esac
              digest=${sums[$path]}
              [ -e "$store/blobs/sha256/$digest" ] || ln -- "$file" "$store/blobs/sha256/$digest"
              echo "$role $digest $(wc -c < "$file") $(head -c 4 "$file" | od -An -tx1 | tr -d ' ')" >> "$new/record"
              role=layer
            done
            mv -fT -- "$new/record" "$record"; rm -rf -- "$new"
            cat "$record"
            """, [Word(image.config)] + image.layers.map { Word($0) })
    }

    /// Packs an archive of `files` and of the parts with these digests, with zstd: as small as gzip's,
    /// in a quarter of its time. Prints its sum and size.
    func pack(_ files: PartialArchive, of digests: [String]) throws(Problem) -> Command {
        try collect(
            files, digests,
            """
            mkdir -p -- "$passing"; packed=$(mktemp -- "$passing/new.XXXXXX")
            trap 'rm -rf -- "$new" "$packed"' EXIT
            collected | zstd -q -1 -T0 > "$packed"
            sum=$(sha256sum < "$packed"); sum=${sum%% *}
            mv -fT -- "$packed" "$passing/$sum.tar.zst"
            echo "$sum $(wc -c < "$passing/$sum.tar.zst")"
            """)
    }

    /// The same, read by a program on the same machine: nothing is packed then.
    func archive(_ files: PartialArchive, of digests: [String], into load: Command) throws(Problem) -> Command {
        try collect(files, digests, "collected | \(load.line)")
    }

    /// The links' names exist only for this run; two nodes may lack different layers at the same time.
    private func collect(_ files: PartialArchive, _ digests: [String], _ use: String) throws(Problem) -> Command {
        bash(
            """
            new=$(mktemp -d "$store/archive.XXXXXX"); trap 'rm -rf -- "$new"' EXIT
            tar -xf - -C "$new"
            for digest in "$@"; do ln -- "$store/blobs/sha256/$digest" "$new/blobs/sha256/$digest"; done
            collected() { tar -cf - --hard-dereference --owner=0 --group=0 -C "$new" oci-layout index.json manifest.json blobs; }
            \(use)
            """, digests.map { Word($0) }
        ).reading(.bytes(try TarArchive(files.files).bytes))
    }

    private func bash(_ script: String, _ arguments: [Word]) -> Command {
        let start = """
            set -eu; umask 077; store=\(place); passing=\(passing); record=$store/\(release.tag); new=$store/new.\(release.tag)

            """
        return Command(["bash", "-o", "pipefail", "-c", Word(start + script), "bash"] + arguments).asRoot().within(.seconds(3600))
    }
}
