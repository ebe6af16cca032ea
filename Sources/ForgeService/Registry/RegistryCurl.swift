import ForgeCore

/// curl as kubeforge asks the cluster's registry, on the machine that it runs on. The password comes out of a file.
struct RegistryCurl {
    let place: RegistryPlace

    init(_ place: RegistryPlace = RegistryPlace()) { self.place = place }

    /// Past any proxy: it is this machine.
    func line(_ words: Word...) -> String { Command(prefix + words).line }

    private var prefix: [Word] {
        [
            "curl", "-K", Word("\(place.login)/curl"), "--cacert", Word("\(place.pki)/ca.crt"), "--noproxy", "*",
            "--max-time", "20",
        ]
    }
}
