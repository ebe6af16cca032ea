# Makes a suite of a repository like Docker's own: stand-ins for docker-ce, docker-ce-cli, docker-buildx-plugin and containerd.io, repacked
# from Debian, with the relations to other packages that Docker's have. As there, every suite has the same, newest Docker: Debian 13's runs on
# Debian 12 (it asks for glibc 2.34); only runc and tini are the release's own.
# $out is what is found under /linux/debian/dists/$codename. Runs in the workshop.
# Needs: out, debian (a release), codename, suffix (of versions: debian.12~bookworm), files, gnupg, downloads.
set -eu
. "$files/sign-release.sh"
. "$files/debian-release.sh"

pool=dists/$codename/pool/stable/amd64
mkdir -p "$out/repository/$pool" "$out/debs" "$out/from"
cd "$out/debs"
(release trixie && apt-get -qq download docker.io docker-cli docker-buildx containerd)
(release "$debian" && apt-get -qq download runc tini)
for name in docker.io docker-cli docker-buildx containerd runc tini; do
    dpkg-deb -x "$name"_*.deb "$out/from/$name"
done
# upstream NAME: the version without the epoch and Debian's suffixes.
upstream() {
    dpkg-deb -f "$1"_*.deb Version | sed 's/^[0-9]*://; s/[+~-].*//'
}
# depends NAME: the dependencies of Debian's package.
depends() {
    dpkg-deb -f "$1"_*.deb Depends
}

tree="$out/tree"
install -D -m 755 "$out/from/docker-cli/usr/bin/docker" "$tree/docker-ce-cli/usr/bin/docker"
install -D -m 755 "$out/from/docker.io/usr/sbin/dockerd" "$tree/docker-ce/usr/bin/dockerd"
install -D -m 755 "$out/from/docker.io/usr/sbin/docker-proxy" "$tree/docker-ce/usr/bin/docker-proxy"
install -D -m 755 "$out/from/tini/usr/bin/tini-static" "$tree/docker-ce/usr/bin/docker-init"
for unit in docker.service docker.socket; do
    install -D -m 644 "$out/from/docker.io/usr/lib/systemd/system/$unit" "$tree/docker-ce/usr/lib/systemd/system/$unit"
done
sed -i 's,/usr/sbin/dockerd,/usr/bin/dockerd,' "$tree/docker-ce/usr/lib/systemd/system/docker.service"
plugin=usr/libexec/docker/cli-plugins/docker-buildx
install -D -m 755 "$out/from/docker-buildx/$plugin" "$tree/docker-buildx-plugin/$plugin"

mkdir -p "$tree/containerd.io/usr/bin"
cp "$out/from/containerd/usr/bin/"* "$out/from/runc/usr/sbin/runc" "$tree/containerd.io/usr/bin/"
unit=usr/lib/systemd/system/containerd.service
install -D -m 644 "$out/from/containerd/$unit" "$tree/containerd.io/$unit"
install -D -m 644 "$files/containerd-config.toml" "$tree/containerd.io/etc/containerd/config.toml"

# package NAME VERSION RELATIONS SENTENCE; the units in the tree are enabled and started as the real packages do it.
package() {
    mkdir -p "$tree/$1/DEBIAN"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: kubeforge lab <lab@kubeforge.invalid>\n' "$1" "$2"
        printf 'Section: admin\nPriority: optional\n%b' "$3"
        printf 'Description: stand-in for %s: %s (lab)\n' "$1" "$4"
    } >"$tree/$1/DEBIAN/control"
    units=$(cd "$tree/$1" && find usr/lib/systemd/system -type f -printf '%f ' 2>/dev/null || true)
    if test -n "$units"; then
        sed "s/@units@/$units/" "$files/units.postinst" >"$tree/$1/DEBIAN/postinst"
        sed "s/@units@/$units/" "$files/units.prerm" >"$tree/$1/DEBIAN/prerm"
        chmod 755 "$tree/$1/DEBIAN/postinst" "$tree/$1/DEBIAN/prerm"
    fi
    test ! -d "$tree/$1/etc" || (cd "$tree/$1" && find etc -type f -printf '/%p\n' >DEBIAN/conffiles)
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$tree/$1" "$out/repository/$pool/$1_$(printf %s "$2" | sed 's/^[0-9]*://')_amd64.deb"
}
docker="5:$(upstream docker.io)-1~$suffix"
others='docker (<< 1.5~), docker-engine, docker.io'
package docker-ce-cli "$docker" "Depends: $(depends docker-cli)
Recommends: docker-buildx-plugin, docker-compose-plugin
Conflicts: $others
Replaces: docker-ce (<< 5:0)
Breaks: docker-ce (<< 5:0)
" "Debian's docker, repacked"
package docker-ce "$docker" "Pre-Depends: init-system-helpers (>= 1.54~)
Depends: containerd.io (>= $(upstream containerd)), docker-ce-cli, iptables, nftables, libc6 (>= 2.34), libsystemd0
Recommends: apparmor, ca-certificates, docker-ce-rootless-extras, git, pigz, procps, xz-utils
Conflicts: $others
Replaces: docker-engine, docker-ce-cli (<< 5:28.0.0)
" "Debian's dockerd, repacked"
package docker-buildx-plugin "$(upstream docker-buildx)-1~$suffix" "Depends: $(depends docker-buildx)
Enhances: docker-ce-cli
Replaces: docker-ce-cli
" "Debian's docker-buildx, repacked"
package containerd.io "$(upstream containerd)-1" "Depends: $(depends runc)
Provides: containerd, runc
Conflicts: containerd, runc
Replaces: containerd, runc
" "Debian's containerd and runc, repacked"

suite "$out/repository" "$codename" stable "$pool" 'kubeforge lab'
mv "$out/repository/dists/$codename/"* "$out/"
rm -rf "$out/from" "$out/debs" "$out/repository" "$tree"
