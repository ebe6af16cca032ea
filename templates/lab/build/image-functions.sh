# The functions that make images; read by the scripts that make one. Each image is an OCI layout at $out/REPOSITORY, its tag the layout's.

# copy ROOT PROGRAM…: the programs at the paths they have here, links followed, with the libraries that they load.
copy() {
    root=$1
    shift
    for program in "$@"; do
        path=$(command -v "$program" || echo "$program")
        install -D "$path" "$root$path"
        ldd "$path" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
            test -e "$root$library" || install -D "$library" "$root$library"
        done || true
    done
}

# shell ROOT: busybox as sh, cat, ls …, for a person who looks into the container.
shell() {
    install -D /bin/busybox "$1/bin/busybox"
    for name in sh cat cp grep ls mkdir mv ps rm sleep; do
        test -e "$1/bin/$name" || ln -s busybox "$1/bin/$name"
    done
}

# network ROOT: the programs that kube-proxy and flanneld call, at the names by which they call them.
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

# image REPOSITORY TAG ROOT LABEL OPTION…: the tree at ROOT as an image; LABEL is empty or says for what the image stands in.
image() {
    layout="$out/$1" tag=$2 root=$3 label=$4
    shift 4
    mkdir -p "${layout%/*}"
    umoci init --layout "$layout"
    umoci new --image "$layout:$tag"
    umoci insert --image "$layout:$tag" "$root" /
    test -z "$label" || set -- "$@" --config.label "io.kubeforge.stand-in=$label" --manifest.annotation "io.kubeforge.stand-in=$label"
    umoci config --image "$layout:$tag" --history.comment 'kubeforge lab' \
        --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
    umoci gc --layout "$layout"
    rm -rf "$root"
}
