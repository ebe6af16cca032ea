import ForgeCore
import ForgeInventory
import ForgePlan

/// How a machine's runtime pulls an image, and how it is asked which it has.
struct ImagePuller {
    let cluster: Cluster

    /// Prints a reference a line.
    var presentLook: String {
        switch cluster.runtime {
        case .containerd: "ctr -n k8s.io images ls -q"
        case .docker: "docker image ls --format '{{.Repository}}:{{.Tag}}'"
        }
    }

    func pull(_ images: [String], on machine: Machine, fix: String) async throws {
        // ctr of containerd 1.x asks the registry itself; in 2.x containerd does, as Docker always did.
        for command in commands(for: images) {
            try await machine.run(command.through(cluster.outgoing).asRoot().within(.seconds(1800)), fix: fix)
        }
    }

    /// Three at once: one is unpacked while the next comes. Docker pulls by itself like that; it mirrors docker.io
    /// alone, so it pulls from the mirror and tags.
    private func commands(for images: [String]) -> [Command] {
        if cluster.runtime == .docker { return images.map(dockerPull) }
        guard !images.isEmpty else { return [] }
        let pull = Command("sh", "-c", Word(Self.containerdPull), "sh").line
        return [
            Command(
                ["sh", "-c", Word("printf '%s\\n' \"$@\" | xargs -n 1 -P 3 \(pull)"), "sh"] + images.map { Word($0) })
        ]
    }

    /// ctr comes with containerd, whoever packages it; crictl comes with nothing since kubeadm 1.32's package. It pulls
    /// this machine's platform and unpacks it for the default snapshotter. Without a label: CRI hears of the new image,
    /// makes the reference by its id and the label `io.cri-containerd.image=managed`, in this order, so the kubelet
    /// sees it (updateImage of containerd 1.6 to 2.3). ctr draws its progress ten times a second, whatever it writes
    /// to.
    private static let containerdPull =
        "ctr -n k8s.io images pull --hosts-dir \(RegistryMirrors.folder) \"$1\" >/dev/null && echo \"$1 is pulled\""

    private func dockerPull(_ image: String) -> Command {
        guard let (mirrored, _) = DockerMirror.source(of: image, cluster.mirrors) else {
            return Command("docker", "pull", Word(image))
        }
        return Command(
            "sh", "-c", "docker pull -- \"$1\" && docker tag -- \"$1\" \"$2\"", "sh", Word(mirrored), Word(image))
    }
}

/// Docker Engine knows mirrors for docker.io only; an image of another registry is pulled by its name at the mirror.
enum DockerMirror {
    /// The reference at the mirror, and the mirror's host; nil when the image's registry has none.
    static func source(of image: String, _ mirrors: Mirrors) -> (reference: String, host: String)? {
        guard let slash = image.firstIndex(of: "/"), let url = mirrors.registries[String(image[..<slash])] else {
            return nil
        }
        let host = RegistryMirrors.host(url)
        return (host + String(image[slash...]), host)
    }
}
