# Makes the stand-in for Docker's library/registry $tag: Debian's docker-registry, under the names and with the paths of that image.
# Runs in the workshop. Needs: out, files, tag, downloads.
set -eu
. "$files/image-functions.sh"

tree="$out/tree"
mkdir -p "$downloads/registry"
cd "$downloads/registry"
rm -f ./*.deb
apt-get -qq update
apt-get -qq download docker-registry
dpkg-deb -x docker-registry_*.deb "$out/from"
mkdir -p "$tree/bin" "$tree/etc/docker/registry" "$tree/var/lib/registry" "$tree/tmp"
install "$out/from/usr/bin/docker-registry" "$tree/bin/registry"
for library in $(ldd "$tree/bin/registry" 2>/dev/null | grep -o '/[^ ]*' || true); do
    install -D "$library" "$tree$library"
done
shell "$tree"
cat >"$tree/etc/docker/registry/config.yml" <<'CONFIG'
version: 0.1
log: {fields: {service: registry}}
storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000"}
CONFIG
cat >"$tree/entrypoint.sh" <<'ENTRY'
#!/bin/sh
case "$1" in
*.yml | *.yaml) set -- registry serve "$@" ;;
serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
ENTRY
chmod 755 "$tree/entrypoint.sh"
rm -rf "$out/from"
image library/registry "$tag" "$tree" "Docker's registry $tag: Debian's docker-registry of the same minor release" \
    --config.entrypoint /entrypoint.sh --config.cmd /etc/docker/registry/config.yml --config.volume /var/lib/registry
