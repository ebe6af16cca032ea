# Makes the stand-ins for flannel's two images.
# Runs in the workshop. Needs: out, standins (a directory of programs), files, downloads.
set -eu
. "$files/image-functions.sh"

tree="$out/tree"
network "$tree"
install -D "$standins/flanneld" "$tree/opt/bin/flanneld"
install -D "$standins/install-conf" "$tree/opt/bin/install-conf"
image flannel-io/flannel v0.28.9 "$tree" "flanneld: VXLAN or host routes from flannel's node annotations" --config.entrypoint /opt/bin/flanneld

mkdir -p "$downloads/cni"
cd "$downloads/cni"
apt-get -qq update
rm -f ./*.deb
apt-get -qq download containernetworking-plugins/bullseye
dpkg-deb -x containernetworking-plugins_0.*.deb "$out/cni"
install -D "$out/cni/usr/lib/cni/flannel" "$tree/flannel"
rm -rf "$out/cni"
shell "$tree"
image flannel-io/flannel-cni-plugin v1.9.1-flannel3 "$tree" "flannel's CNI plugin: the one of Debian 11" --config.entrypoint /flannel
