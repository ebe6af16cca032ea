# Builds the lab's stand-ins for crictl, flanneld, flannel's install-conf and CoreDNS from $files/NAME.go with the libraries that Kubernetes vendors.
# Runs in the workshop. Needs: out, source (a GOPATH), files, gocache.
set -eu

export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH="$source" GO111MODULE=off GOPROXY=off GOFLAGS= CGO_ENABLED=0 GOCACHE="$gocache"
tree="$source/src/k8s.io/kubernetes"
cd "$tree"
mkdir -p "$out/bin"
for program in crictl flanneld install-conf coredns; do
    # The overlay lets the file be seen in the tree, where the vendored libraries are, without changing the tree.
    printf '{"Replace": {"%s": "%s"}}\n' "$tree/cmd/lab-$program/main.go" "$files/$program.go" >"$out/overlay.json"
    # Not by vet, which needs packages on the disk.
    gofmt -l -e "$files/$program.go" | { ! grep .; }
    go build -overlay "$out/overlay.json" -trimpath -ldflags "-s -w" -o "$out/bin/$program" "./cmd/lab-$program"
done
rm "$out/overlay.json"
