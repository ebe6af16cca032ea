# Makes a repository like Docker's own for Debian 12: stand-ins for docker-ce, docker-ce-cli and containerd.io, repacked from Debian's
# docker.io, containerd and runc. $out is what is found under /linux/debian.
# Runs in the workshop. Needs: out, files, gnupg, downloads.
set -eu
. "$files/sign-release.sh"

pool=dists/bookworm/pool/stable/amd64
mkdir -p "$downloads/docker" "$out/$pool"
cd "$downloads/docker"
rm -f ./*.deb
apt-get -qq update
apt-get -qq download docker.io containerd runc
for name in docker.io containerd runc; do
    mkdir -p "$out/from/$name"
    dpkg-deb -x "$name"_*.deb "$out/from/$name"
    dpkg-deb -f "$name"_*.deb Depends >"$out/from/$name.depends"
done
# upstream NAME: the version without the epoch and Debian's suffixes.
upstream() {
    dpkg-deb -f "$1"_*.deb Version | sed 's/^[0-9]*://; s/[+~-].*//'
}
# depends NAME EXPRESSION: the dependencies of Debian's package without those that the expression matches.
depends() {
    tr ',' '\n' <"$out/from/$1.depends" | sed 's/^ *//' | grep -Ev "$2" | paste -sd, | sed 's/,/, /g'
}

tree="$out/tree"
install -D -m 755 "$out/from/docker.io/usr/bin/docker" "$tree/docker-ce-cli/usr/bin/docker"
install -D -m 755 "$out/from/docker.io/usr/sbin/dockerd" "$tree/docker-ce/usr/bin/dockerd"
install -D -m 755 "$out/from/docker.io/usr/sbin/docker-proxy" "$tree/docker-ce/usr/bin/docker-proxy"
cp -P "$out/from/docker.io/usr/bin/docker-init" "$tree/docker-ce/usr/bin/docker-init" # a link into Debian's tini
for unit in docker.service docker.socket; do
    install -D -m 644 "$out/from/docker.io/lib/systemd/system/$unit" "$tree/docker-ce/lib/systemd/system/$unit"
done
sed -i 's,/usr/sbin/dockerd,/usr/bin/dockerd,' "$tree/docker-ce/lib/systemd/system/docker.service"

mkdir -p "$tree/containerd.io/usr/bin" "$tree/containerd.io/usr/sbin"
cp "$out/from/containerd/usr/bin/"* "$tree/containerd.io/usr/bin/"
cp "$out/from/runc/usr/sbin/runc" "$tree/containerd.io/usr/bin/runc"
ln -s ../bin/runc "$tree/containerd.io/usr/sbin/runc"
install -D -m 644 "$out/from/containerd/lib/systemd/system/containerd.service" "$tree/containerd.io/lib/systemd/system/containerd.service"
install -D -m 644 "$files/containerd-config.toml" "$tree/containerd.io/etc/containerd/config.toml"

# package NAME VERSION RELATIONS SENTENCE; the units in the tree are enabled and started as the real packages do it.
package() {
    mkdir -p "$tree/$1/DEBIAN"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: kubeforge lab <lab@kubeforge.invalid>\n' "$1" "$2"
        printf 'Section: admin\nPriority: optional\n%b' "$3"
        printf 'Description: stand-in for %s: %s\n' "$1" "$4"
    } >"$tree/$1/DEBIAN/control"
    units=$(cd "$tree/$1" && find lib/systemd/system -type f -printf '%f ' 2>/dev/null || true)
    if test -n "$units"; then
        sed "s/@units@/$units/" "$files/units.postinst" >"$tree/$1/DEBIAN/postinst"
        sed "s/@units@/$units/" "$files/units.prerm" >"$tree/$1/DEBIAN/prerm"
        chmod 755 "$tree/$1/DEBIAN/postinst" "$tree/$1/DEBIAN/prerm"
    fi
    test ! -d "$tree/$1/etc" || (cd "$tree/$1" && find etc -type f -printf '/%p\n' >DEBIAN/conffiles)
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$tree/$1" "$out/$pool/$1_$(printf %s "$2" | sed 's/^[0-9]*://')_amd64.deb"
}
docker="5:$(upstream docker.io)~3-0~debian-bookworm"
package docker-ce-cli "$docker" 'Depends: libc6\nConflicts: docker.io\nReplaces: docker.io\n' "Debian's docker, repacked (lab)"
package docker-ce "$docker" "Depends: containerd.io (>= 1.4.1), docker-ce-cli, $(depends docker.io '^(containerd|runc|docker-cli)')\nConflicts: docker.io\nReplaces: docker.io\n" "Debian's dockerd, repacked (lab)"
package containerd.io "$(upstream containerd)-1" "Depends: $(depends containerd '^runc'), $(depends runc '^libc6')\nProvides: containerd, runc\nConflicts: containerd, runc\nReplaces: containerd, runc\n" "Debian's containerd and runc, repacked (lab)"
mkdir -p "$tree/docker-buildx-plugin"
package docker-buildx-plugin 0.10.4-1~debian.12~bookworm '' "nothing in it; this Docker's own builder is used (lab)"

rm -rf "$out/from" "$tree"
suite "$out" bookworm stable "$pool" 'kubeforge lab'
cp "$gnupg/key.asc" "$out/gpg"
