# Makes a suite of the machines' archive: the packages in $packages with all that they depend on, whatever a machine has already.
# $out is what is found under /debian/dists/$codename, with its packages in it. Runs in the workshop.
# Needs: out, packages, debian (the release that they are from), codename, files, gnupg, downloads.
set -eu
. "$files/sign-release.sh"
. "$files/debian-release.sh"

release "$debian"
pool=dists/$codename/pool/main
mkdir -p "$out/from/$pool" "$out/empty/partial"
set -- -qq -y --no-install-recommends
apt-get "$@" -o "Dir::Cache::Archives=$out/empty" --print-uris install $packages >"$out/uris"
apt-get "$@" --download-only install $packages
cut -d ' ' -f 2 "$out/uris" | while read -r deb; do
    # Without the epoch (1%3a), as Debian names its files: a percent sign in a URL asks for trouble.
    ln "$downloads/debian/$deb" "$out/from/$pool/$(printf %s "$deb" | sed 's/_[0-9]*%3a/_/')"
done
suite "$out/from" "$codename" main "$pool" 'kubeforge lab'
mv "$out/from/dists/$codename/"* "$out/"
rm -rf "$out/from" "$out/empty" "$out/uris"
