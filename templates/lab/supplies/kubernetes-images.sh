# Makes the images of Kubernetes $version, of etcd and pause, and the stand-ins for CoreDNS and flannel.
# Runs in the workshop. Needs: out, version, kubernetes and standins (folders of programs), files, downloads.
set -eu
. "$files/image-functions.sh"

# The programs that kube-proxy and flanneld call, at the names by which they call them.
network() {
    copy "$1" conntrack ip bridge ipset kmod xtables-nft-multi
    for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
        ln -s xtables-nft-multi "$1/usr/sbin/$name"
    done
    mkdir -p "$1/etc" "$1/sbin" "$1/run"
    copy "$1" /usr/lib/x86_64-linux-gnu/xtables/*.so # the matches and targets, each with its libraries
    cp /etc/protocols /etc/services "$1/etc/"
    ln -s "$(command -v kmod)" "$1/sbin/modprobe"
    shell "$1"
}

tree="$out/tree"
for name in kube-apiserver kube-controller-manager kube-scheduler; do
    install -D "$kubernetes/$name" "$tree/usr/local/bin/$name"
    image "$name" "v$version" "$tree" '' --config.entrypoint "/usr/local/bin/$name"
done

network "$tree"
install -D "$kubernetes/kube-proxy" "$tree/usr/local/bin/kube-proxy"
image kube-proxy "v$version" "$tree" '' --config.entrypoint /usr/local/bin/kube-proxy

copy "$tree" etcd etcdctl
mkdir -p "$tree/usr/local/bin"
ln -s /usr/bin/etcd /usr/bin/etcdctl "$tree/usr/local/bin/"
shell "$tree"
image etcd 3.4.13-0 "$tree" "etcd 3.4.13: Debian's etcd of the same minor release" --config.entrypoint /usr/local/bin/etcd

install -D "$kubernetes/pause" "$tree/pause"
image pause 3.2 "$tree" '' --config.entrypoint /pause --config.user 65535:65535

install -D "$standins/coredns" "$tree/coredns"
image coredns 1.7.0 "$tree" 'CoreDNS: the names of Services, the rest forwarded' --config.entrypoint /coredns

network "$tree"
install -D "$standins/flanneld" "$tree/opt/bin/flanneld"
image flannel-io/flannel v0.28.9 "$tree" "flanneld: VXLAN or host routes from flannel's node annotations" --config.entrypoint /opt/bin/flanneld

cd "$downloads/cni"
apt-get -qq update
rm -f ./*.deb
apt-get -qq download containernetworking-plugins/bullseye
dpkg-deb -x containernetworking-plugins_0.*.deb "$out/cni"
install -D "$out/cni/usr/lib/cni/flannel" "$tree/flannel"
rm -rf "$out/cni"
shell "$tree"
image flannel-io/flannel-cni-plugin v1.9.1-flannel3 "$tree" "flannel's CNI plugin: the one of Debian 11" --config.entrypoint /flannel
