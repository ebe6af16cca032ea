# Makes the images of Kubernetes $version, of etcd and pause, and the stand-in for CoreDNS, with the names that kubeadm asks for.
# Runs in the workshop. Needs: out, version, kubernetes and standins (directories of programs), files.
set -eu
. "$files/image-functions.sh"

listed=$("$kubernetes/kubeadm" config images list --kubernetes-version "v$version")
# wanted NAME: "REPOSITORY TAG" of the image of that name in kubeadm's list, such as "coredns/coredns v1.14.2".
wanted() {
    printf '%s\n' "$listed" | sed -n "s|^[^/]*/\(\(.*/\)*$1\):\([^:]*\)\$|\1 \3|p" | grep .
}
etcd=$(wanted etcd)
pause=$(wanted pause)
coredns=$(wanted coredns)

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
image $etcd "$tree" "etcd 3.4.13: Debian's etcd of the same minor release" --config.entrypoint /usr/local/bin/etcd

install -D "$kubernetes/pause" "$tree/pause"
image $pause "$tree" '' --config.entrypoint /pause --config.user 65535:65535

install -D "$standins/coredns" "$tree/coredns"
image $coredns "$tree" 'CoreDNS: the names of Services, the rest forwarded' --config.entrypoint /coredns
