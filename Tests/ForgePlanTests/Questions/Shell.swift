/// The shells that /bin/sh is on the machines: dash on Debian and Ubuntu, bash on some people's.
enum Shell {
    static let all = ["dash", "bash"]
}
