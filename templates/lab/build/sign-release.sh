# The functions that make apt repositories; read by the scripts that make one.

# sign DIRECTORY: InRelease and Release.gpg beside DIRECTORY/Release.
sign() {
    gpg --homedir "$gnupg" --batch --yes --quiet --clearsign --output "$1/InRelease" "$1/Release"
    gpg --homedir "$gnupg" --batch --yes --quiet --armor --detach-sign --output "$1/Release.gpg" "$1/Release"
    gpgconf --homedir "$gnupg" --kill all
}

# flat DIRECTORY ORIGIN: a flat repository (suite "/") of all debs in and below DIRECTORY, as pkgs.k8s.io has it.
flat() {
    (
        cd "$1"
        apt-ftparchive packages . | sed 's,^Filename: \./,Filename: ,' >Packages
        gzip -9kn Packages
        apt-ftparchive -o "APT::FTPArchive::Release::Origin=$2" -o "APT::FTPArchive::Release::Label=$2" release . >../Release.new
        mv ../Release.new Release
    )
    sign "$1"
}

# suite ROOT SUITE COMPONENT POOL ORIGIN: ROOT/dists/SUITE/COMPONENT for the debs in ROOT/POOL, as distributions have it.
suite() {
    (
        cd "$1"
        packages=dists/$2/$3/binary-amd64
        mkdir -p "$packages"
        apt-ftparchive packages "$4" >"$packages/Packages"
        gzip -9kn "$packages/Packages"
        apt-ftparchive -o "APT::FTPArchive::Release::Origin=$5" -o "APT::FTPArchive::Release::Label=$5" \
            -o "APT::FTPArchive::Release::Suite=$2" -o "APT::FTPArchive::Release::Codename=$2" \
            -o APT::FTPArchive::Release::Architectures=amd64 -o "APT::FTPArchive::Release::Components=$3" \
            release "dists/$2" >Release.new
        mv Release.new "dists/$2/Release"
    )
    sign "$1/dists/$2"
}
