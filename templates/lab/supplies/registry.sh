# Puts images into the storage of docker-registry: the OCI layouts below the folders $layouts, then a person's own archives in $archives,
# which take precedence. Runs in the workshop. Needs: out, storage, layouts (folders, separated by spaces), archives (a folder).
set -eu

cat >"$out/registry.yml" <<CONFIG
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $storage}}
http: {addr: "127.0.0.1:0"}
CONFIG
docker-registry serve "$out/registry.yml" >"$out/registry.log" 2>&1 &
registry=$!
trap 'kill $registry' EXIT
address=
for attempt in $(seq 100); do
    address=$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$out/registry.log")
    test -z "$address" || break
    kill -0 $registry
    sleep 0.1
done
test -n "$address"

# push SOURCE NAME
push() {
    echo "$2"
    skopeo --insecure-policy copy --quiet --dest-tls-verify=false "$1" "docker://$address/$2"
}

mkdir -p "$storage"
for folder in $layouts; do
    for layout in $(cd "$folder" && find . -name oci-layout -printf '%h\n' | sed 's,^\./,,' | sort); do
        for tag in $(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$folder/$layout/index.json"); do
            push "oci:$folder/$layout:$tag" "$layout:$tag"
        done
    done
done

# The registry has one name space for all upstreams: registry.k8s.io/pause is pause, docker.io/library/python and python are library/python.
for archive in "$archives"/*.tar; do
    test -e "$archive" || continue
    for name in $(tar -xOf "$archive" manifest.json | jq -r '.[].RepoTags[]?'); do
        case "$name" in
        docker.io/* | */*/* | *.*/* | *:*/*) path=${name#*/} ;;
        */*) path=$name ;;
        *) path=library/$name ;;
        esac
        push "docker-archive:$archive:$name" "$path"
    done
done
