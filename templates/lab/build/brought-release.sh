# Copies what a user brought of a release to where the workshop sees it: $out/packages, $out/images, $out/shared.
# Runs on the host. Needs: out, packages, images, shared (directories, which need not be there).
set -eu

for kind in packages images shared; do
    mkdir -p "$out/$kind"
    eval "from=\$$kind"
    for file in "$from"/*.deb "$from"/*.tar; do
        test ! -f "$file" || cp --dereference --reflink=auto "$file" "$out/$kind/"
    done
done
