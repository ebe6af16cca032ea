import ForgeCore

/// Where packages, images and Python wheels come from instead of the public places.
package struct Mirrors: Sendable, Hashable {
    /// In place of `https://download.docker.com/linux/<distribution>`; `<distribution>` in it stands for each host's
    /// own.
    package var docker: AptRepository?
    /// In place of `https://pkgs.k8s.io/core:/stable:`; `/v1.36/deb/` follows.
    package var kubernetes: AptRepository?
    /// In place of Debian's own archives, for the image build. Its key is a file.
    package var debian: AptRepository?
    /// Registry → base URL of its mirror, `http://…` allowed: `docker.io`, `registry.k8s.io`, `ghcr.io`, …
    package var registries: [String: String]
    /// A Python package index (PEP 503) for the image build.
    package var python: String?
    /// In place of cri-dockerd's release at github.com.
    package var criDockerd: Archive?

    package init(
        docker: AptRepository? = nil, kubernetes: AptRepository? = nil, debian: AptRepository? = nil,
        registries: [String: String] = [:], python: String? = nil, criDockerd: Archive? = nil
    ) {
        self.docker = docker
        self.kubernetes = kubernetes
        self.debian = debian
        self.registries = registries
        self.python = python
        self.criDockerd = criDockerd
    }

    /// A file that machines fetch and believe by its digest.
    package struct Archive: Sendable, Hashable {
        /// `{arch}` stands for the machine's: `amd64`, `arm64`.
        package var url: String
        /// 64 hexadecimal digits, lower case; nil: those that kubeforge knows of the release.
        package var sha256: String?

        package init(url: String, sha256: String? = nil) {
            self.url = url
            self.sha256 = sha256
        }
    }

    /// A mirror of an apt repository, and the key that signs it.
    package struct AptRepository: Sendable, Hashable {
        /// What stands for `debian` or `ubuntu` in the address of Docker's packages.
        package static let distribution = "<distribution>"

        /// Without a slash at its end.
        package var url: String
        /// Given or fetched; a repository without a key is not accepted.
        package var key: Key

        package init(url: String, key: Key) {
            self.url = url
            self.key = key
        }
    }

    /// The public key that signs a repository.
    package enum Key: Sendable, Hashable {
        /// A file on the operator's machine: it is believed because the operator has it.
        case file(path: String)
        /// Fetched by the hosts and believed only with this fingerprint (40 hexadecimal digits, upper case).
        case url(String, fingerprint: String)
    }
}
