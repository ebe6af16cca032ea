# Makes the packages of Kubernetes $version with the names, files and dependencies that pkgs.k8s.io's packages have.
# Runs in the workshop. Needs: out, version, revision, kubernetes (directory of programs), standins (directory of programs), files, downloads.
set -eu

# package NAME VERSION DEPENDS SENTENCE: a deb of the tree $out/tree/NAME.
package() {
    mkdir -p "$out/tree/$1/DEBIAN"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: kubeforge lab <lab@kubeforge.invalid>\n' "$1" "$2"
        printf 'Section: admin\nPriority: optional\nHomepage: https://kubernetes.io\n'
        test -z "$3" || printf 'Depends: %s\n' "$3"
        printf 'Description: %s\n' "$4"
    } >"$out/tree/$1/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$out/tree/$1" "$out/$1_$2_amd64.deb"
}

mkdir -p "$downloads/cni" "$out/tree"
cd "$downloads/cni"
apt-get -qq update
rm -f ./*.deb
apt-get -qq download containernetworking-plugins/bookworm containernetworking-plugins/bullseye
mkdir -p "$out/cni-new" "$out/cni-old" "$out/tree/kubernetes-cni/opt/cni/bin"
dpkg-deb -x containernetworking-plugins_1.*.deb "$out/cni-new"
dpkg-deb -x containernetworking-plugins_0.*.deb "$out/cni-old"
cp "$out/cni-new/usr/lib/cni/"* "$out/cni-old/usr/lib/cni/flannel" "$out/tree/kubernetes-cni/opt/cni/bin/"
rm -rf "$out/cni-new" "$out/cni-old"

for name in kubelet kubeadm kubectl; do
    install -D -m 755 "$kubernetes/$name" "$out/tree/$name/usr/bin/$name"
done
install -D -m 755 "$standins/crictl" "$out/tree/cri-tools/usr/bin/crictl"
install -D -m 644 "$files/kubelet.service" "$out/tree/kubelet/usr/lib/systemd/system/kubelet.service"
install -D -m 644 "$files/10-kubeadm.conf" "$out/tree/kubeadm/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
mkdir -p "$out/tree/kubelet/etc/kubernetes/manifests"

package kubernetes-cni 1.1.1-"$revision" '' "CNI plugins, from Debian's containernetworking-plugins; flannel from an older one (lab)"
package cri-tools 1.20.0-"$revision" '' "stand-in for crictl: the verbs that kubeadm needs (lab)"
package kubelet "$version-$revision" 'iptables (>= 1.4.21), kubernetes-cni (>= 0.8.7), mount, util-linux' "Node agent of Kubernetes, built from Debian's source (lab)"
package kubectl "$version-$revision" '' "Command line of Kubernetes, built from Debian's source (lab)"
# Today's kubeadm speaks CRI itself and its package brings no cri-tools; 1.20's calls crictl for all but Docker.
package kubeadm "$version-$revision" 'cri-tools (>= 1.13.0)' "Maker of Kubernetes clusters, built from Debian's source (lab)"
rm -rf "$out/tree"
