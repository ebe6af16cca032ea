# Makes the stand-in for Docker's library/python:$python-slim-trixie: Debian 13 with its own Python.
# Runs in the workshop. Needs: out, files, python (such as 3.13).
set -eu
. "$files/image-functions.sh"

tree="$out/tree"
sed 's/bookworm/trixie/g' /etc/apt/bookworm.list >"$out/trixie.list"
mmdebstrap --mode=root --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates \
    --aptopt='Apt::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' trixie "$tree" "$out/trixie.list"
rm -f "$out/trixie.list" "$tree/usr/lib/python$python/EXTERNALLY-MANAGED" "$tree/etc/machine-id" "$tree/etc/resolv.conf"
rm -rf "$tree/dev" "$tree/var/cache/apt" "$tree/var/lib/apt/lists"
mkdir -p "$tree/dev" "$tree/var/cache/apt/archives/partial" "$tree/var/lib/apt/lists/partial"
for name in python python3 "python$python"; do
    ln -s "/usr/bin/python$python" "$tree/usr/local/bin/$name"
done
for name in pip pip3; do
    ln -s "/usr/bin/$name" "$tree/usr/local/bin/$name"
done
image library/python "$python-slim-trixie" "$tree" "Docker's python: Debian 13 with its own Python $python" \
    --config.cmd python3 --config.env LANG=C.UTF-8
