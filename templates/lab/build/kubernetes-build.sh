# Builds the programs of Kubernetes $version from the tree at $source into $out/bin.
# Runs in the workshop. Needs: out, source (a GOPATH), version (X.Y.Z), gocache.
set -eu

export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH="$source" GO111MODULE=off GOPROXY=off GOFLAGS= CGO_ENABLED=0 GOCACHE="$gocache"
cd "$source/src/k8s.io/kubernetes"
mkdir -p "$out/bin"

major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}
flags="-s -w"
for package in component-base client-go/pkg; do
    package=k8s.io/kubernetes/vendor/k8s.io/$package/version
    flags="$flags -X $package.gitVersion=v$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
    flags="$flags -X $package.gitCommit=lab -X $package.gitTreeState=clean -X $package.buildDate=2021-01-13T13:20:00Z"
done

for program in kubeadm kubectl kubelet kube-proxy kube-scheduler kube-controller-manager kube-apiserver; do
    echo "building $program"
    go build -trimpath -ldflags "$flags" -o "$out/bin/$program" "./cmd/$program"
done
gcc -Os -Wall -static -DVERSION=3.2 -o "$out/bin/pause" build/pause/linux/pause.c
strip "$out/bin/pause"
"$out/bin/kubeadm" version -o short
