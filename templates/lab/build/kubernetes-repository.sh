# Makes the flat repository of one minor release of Kubernetes from the debs in $debs (directories, separated by spaces).
# Runs in the workshop. Needs: out, debs, files, gnupg.
set -eu
. "$files/sign-release.sh"

mkdir -p "$out/amd64"
for directory in $debs; do
    cp "$directory/"*.deb "$out/amd64/"
done
flat "$out" 'kubeforge lab'
cp "$gnupg/key.asc" "$out/Release.key"
