# Puts images into the storage of docker-registry: the OCI layouts below the directories $layouts, then what was brought, which takes precedence.
# Runs in the workshop. Needs: out, storage, layouts (directories, separated by spaces), pushes (empty, or a file of lines of transport, archive,
# name and place in the registry, separated by tabs).
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
trap 'exit 143' HUP INT PIPE TERM
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
for directory in $layouts; do
    for layout in $(cd "$directory" && find . -name oci-layout -printf '%h\n' | sed 's,^\./,,' | sort); do
        for tag in $(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$directory/$layout/index.json"); do
            push "oci:$directory/$layout:$tag" "$layout:$tag"
        done
    done
done

test -z "$pushes" || while IFS="$(printf '\t')" read -r transport archive name path; do
    push "$transport:$archive:$name" "$path"
done <"$pushes"
