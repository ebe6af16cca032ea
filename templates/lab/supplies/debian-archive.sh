# Makes the machines' Debian archive: the packages in $packages with all that they depend on, whatever a machine has already.
# $out is what is found under /debian. Runs in the workshop. Needs: out, packages, files, gnupg, downloads.
set -eu
. "$files/sign-release.sh"

apt-get -qq update
mkdir -p "$downloads/debian/partial" "$out/pool/main" "$out/state"
: >"$out/state/status"
# An empty status file: every dependency is needed, so the archive does not depend on what is installed here.
set -- -qq -y --no-install-recommends -o "Dir::State::status=$out/state/status"
mkdir -p "$out/state/empty/partial"
apt-get "$@" -o "Dir::Cache::archives=$out/state/empty" --print-uris install $packages >"$out/state/uris"
apt-get "$@" -o "Dir::Cache::archives=$downloads/debian" --download-only install $packages
cut -d ' ' -f 2 "$out/state/uris" | while read -r deb; do
    # Without the epoch (1%3a), as Debian names its files: a percent sign in a URL asks for trouble.
    ln "$downloads/debian/$deb" "$out/pool/main/$(printf %s "$deb" | sed 's/_[0-9]*%3a/_/')"
done
rm -rf "$out/state"
suite "$out" bookworm main pool/main 'kubeforge lab'
