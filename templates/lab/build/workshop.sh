# Makes the workshop: Debian 12 with everything that makes supplies, so that the host's own distribution does not matter.
# Runs on the host. Needs: out, packages (separated by commas).
set -eu

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
{
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian bookworm main"
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian bookworm-updates main"
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian-security bookworm-security main"
} >"$out.list"
# A proxy that the host's apt goes through is the workshop's too.
apt-config dump | grep -E '^Acquire::https?::Proxy ' >"$out.proxy" || true
mmdebstrap --mode=root --variant=minbase --include="$packages" --aptopt='APT::Install-Recommends "false"' --aptopt="$out.proxy" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' bookworm "$out/root" "$out.list"

# The sources of Kubernetes, and of Debian 11 the CNI plugin that Debian 12 has no more.
{
    cat "$out.list"
    echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian bookworm main"
    echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian-security bookworm-security main"
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian bullseye main"
} >"$out/root/etc/apt/sources.list"
rm -f "$out/root/etc/apt/sources.list.d/"*
cp "$out.list" "$out/root/etc/apt/bookworm.list"
echo 'APT::Sandbox::User "root";' >"$out/root/etc/apt/apt.conf.d/99workshop"
rm "$out.list" "$out.proxy"
