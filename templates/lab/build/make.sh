# Makes one supply of the lab, unless it is there already: in a directory of a temporary name that takes its place when it is complete.
# make.sh CACHE PLACE DIGEST WORKSHOP|- SCRIPT [NAME=VALUE…]; output goes to the caller. The script finds in its environment: out (the
# directory to fill), cache, downloads, gocache, gnupg, files (the directory of this script), and the given names.
set -eu

cache=$1 place=$2 digest=$3 workshop=$4 script=$5
shift 5
# A killed kubeforge leaves this running: it finishes, and the next kubeforge waits here and finds the supply made.
exec 9>"$cache/supplies/lock"
flock --nonblock 9 || { echo 'waiting for another kubeforge that makes supplies' && flock 9; }
test "$(cat "$place/.made" 2>/dev/null)" != "$digest" || exit 0

out=$place.new
rm -rf --one-file-system "$out"
mkdir -p "$out" "$cache/downloads" "$cache/gocache"
set -- "out=$out" "cache=$cache" "downloads=$cache/downloads" "gocache=$cache/gocache" "gnupg=$cache/gnupg" "files=$cache/supplies/files" "$@"
if [ "$workshop" = - ]; then
    env "$@" sh "$cache/supplies/files/$script"
else
    sh "$cache/supplies/files/in-workshop.sh" "$workshop" "$cache" env "$@" sh "$cache/supplies/files/$script"
fi

printf %s "$digest" >"$out/.made"
rm -rf --one-file-system "$place.old"
test ! -e "$place" || mv -T "$place" "$place.old"
mv -T "$out" "$place"
rm -rf --one-file-system "$place.old"
