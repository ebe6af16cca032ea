# The function that makes apt speak of another release than the workshop's own; read by the scripts that fetch packages of one.

# release CODENAME: from now on apt-get and apt-cache know this release of Debian, and nothing as installed. Needs: downloads.
release() {
    state=$downloads/apt-$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$state/lists/partial" "$downloads/debian/partial"
    : >"$state/status"
    {
        echo "deb [signed-by=$keyring] http://deb.debian.org/debian $1 main"
        echo "deb [signed-by=$keyring] http://deb.debian.org/debian $1-updates main"
        echo "deb [signed-by=$keyring] http://deb.debian.org/debian-security $1-security main"
    } >"$state/sources.list"
    printf '%s "%s";\n' Dir::Etc::SourceList "$state/sources.list" Dir::Etc::SourceParts /dev/null Dir::State::Lists "$state/lists" \
        Dir::State::Status "$state/status" Dir::Cache::Archives "$downloads/debian" >"$state/apt.conf"
    export APT_CONFIG="$state/apt.conf"
    apt-get -qq update
}
