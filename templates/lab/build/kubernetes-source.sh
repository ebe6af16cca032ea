# Unpacks Debian's source package of Kubernetes into a GOPATH at $out and makes it build with today's Go.
# Runs in the workshop. Needs: out, downloads, gocache.
set -eu

mkdir -p "$downloads/kubernetes" "$out/src/k8s.io"
cd "$downloads/kubernetes"
apt-get -qq update
apt-get source --download-only kubernetes
dpkg-source --no-check -x ./*.dsc "$out/src/k8s.io/kubernetes"
cd "$out/src/k8s.io/kubernetes"

# The vendored reflect2 crashes with Go 1.18 and later: kubeadm dies while it writes the kubelet's configuration.
rm -rf vendor/github.com/modern-go/reflect2
cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go/reflect2

# The API server needs its OpenAPI definitions, which the source package leaves to be generated.
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH="$out" GO111MODULE=off GOPROXY=off GOFLAGS= CGO_ENABLED=0 GOCACHE="$gocache"
go build -o "$out/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
inputs=$(
    {
        for staged in api apimachinery apiextensions-apiserver kube-aggregator apiserver metrics component-base client-go \
            cloud-provider controller-manager kube-controller-manager kube-proxy kube-scheduler kubelet; do
            grep -rl --include='*.go' -- '+k8s:openapi-gen=' "vendor/k8s.io/$staged/" || true
        done
        grep -rl --include='*.go' -- '+k8s:openapi-gen=' pkg cmd || true
    } | xargs -n1 dirname | sort -u | sed 's,^,k8s.io/kubernetes/,' | paste -sd,
)
"$out/openapi-gen" --go-header-file hack/boilerplate/boilerplate.generatego.txt --output-base "$out/src" \
    --output-file-base zz_generated.openapi --output-package k8s.io/kubernetes/pkg/generated/openapi \
    --report-filename "$out/openapi-violations" --input-dirs "$inputs"
test -s pkg/generated/openapi/zz_generated.openapi.go
