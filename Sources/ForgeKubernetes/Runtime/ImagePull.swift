import ForgeCore
import ForgeInventory

/// How a machine's runtime pulls an image, and how it is asked which it has.
struct ImagePull {
    let cluster: Cluster

    /// Prints a reference a line.
    var presentLook: String {
        switch cluster.runtime {
        case .containerd: "ctr -n k8s.io images ls -q"
        case .docker: "docker image ls --format '{{.Repository}}:{{.Tag}}'"
        }
    }

    /// Prints what kubeadm wants for a control plane, a reference a line.
    var wantedLook: String {
        let repository = cluster.imageRepository ?? Cluster.Defaults.imageRepository
        return "kubeadm config images list --kubernetes-version v\(cluster.kubernetes) --image-repository \(repository.shellQuoted)"
    }

    /// With containerd through CRI, as the kubelet does it: mirrors count. Docker mirrors docker.io alone, so it pulls from the mirror and tags.
    func command(for image: String) -> Command {
        command(pulling: image).asRoot().within(.seconds(900))
    }

    private func command(pulling image: String) -> Command {
        if cluster.runtime == .containerd {
            return Command("crictl", "--runtime-endpoint", "unix:///run/containerd/containerd.sock", "pull", Word(image))
        }
        guard let (mirrored, _) = DockerMirror.source(of: image, cluster.mirrors) else { return Command("docker", "pull", Word(image)) }
        return Command("sh", "-c", "docker pull -- \"$1\" && docker tag -- \"$1\" \"$2\"", "sh", Word(mirrored), Word(image))
    }
}

/// Docker Engine knows mirrors for docker.io only; an image of another registry is pulled by its name at the mirror.
enum DockerMirror {
    /// The reference at the mirror, and the mirror's host; nil when the image's registry has none.
    static func source(of image: String, _ mirrors: Mirrors) -> (reference: String, host: String)? {
        guard let slash = image.firstIndex(of: "/"), let url = mirrors.registries[String(image[..<slash])] else { return nil }
        let host = RegistryMirrors.host(url)
        return (host + String(image[slash...]), host)
    }
}
