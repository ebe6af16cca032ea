# Makes the stand-in for Docker's library/python:3.11-slim-bookworm: Debian 12 with its own Python 3.11.
# Runs in the workshop. Needs: out, files.
set -eu
. "$files/image-functions.sh"

tree="$out/tree"
mmdebstrap --mode=root --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates \
    --aptopt='Apt::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$tree" /etc/apt/bookworm.list
rm -f "$tree/usr/lib/python3.11/EXTERNALLY-MANAGED" "$tree/etc/machine-id" "$tree/etc/resolv.conf"
rm -rf "$tree/dev" "$tree/var/cache/apt" "$tree/var/lib/apt/lists"
mkdir -p "$tree/dev" "$tree/var/cache/apt/archives/partial" "$tree/var/lib/apt/lists/partial"
for name in python python3 python3.11; do
    ln -s /usr/bin/python3.11 "$tree/usr/local/bin/$name"
done
for name in pip pip3; do
    ln -s "/usr/bin/$name" "$tree/usr/local/bin/$name"
done
image library/python 3.11-slim-bookworm "$tree" "Docker's python: Debian 12 with its own Python 3.11" --config.cmd python3 --config.env LANG=C.UTF-8
