# Runs a command in the workshop, a Debian 12 with compilers and packaging tools, with the cache at its own path.
# in-workshop.sh WORKSHOP CACHE COMMAND… Mounts and processes end with it.
set -eu

exec unshare --mount --propagation private --pid --fork --kill-child sh -euc '
workshop=$1 cache=$2
shift 2
mkdir -p "$workshop$cache"
mount --bind "$cache" "$workshop$cache"
mount -t proc proc "$workshop/proc"
mount --rbind /dev "$workshop/dev"
for file in resolv.conf hosts; do
    test ! -e "/etc/$file" || { rm -f "$workshop/etc/$file" && cp -L "/etc/$file" "$workshop/etc/$file"; }
done
export HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive TMPDIR=/tmp
exec chroot "$workshop" "$@"' sh "$@"
