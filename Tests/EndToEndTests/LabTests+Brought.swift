import Foundation
import Testing

extension LabTests {
    @Test("runs a release whose packages and images its user brings, and says what is missing until then")
    func broughtRelease() async throws {
        let lab = try TestLab(cluster: "kubeforge-brought", network: "10.84.0") { inventory in
            inventory.kubernetes = Brought.version
            inventory.hosts = [("kubmaster", "10.84.0.11", "control-plane")]
            inventory.distributions = ["kubmaster": "debian-13"]
            inventory.profile = "bare"
        }
        let brought = Brought(lab: lab)
        try await brought.remove()
        let nothing = try await lab.kubeforge("lab", "up", lab.inventory.path)
        #expect(nothing.exitCode == 3, "\(nothing.everything)")
        #expect(
            nothing.errors.contains("lacks kubelet 1.37.99, kubeadm 1.37.99, kubectl 1.37.99, kubernetes-cni"),
            "\(nothing.errors)")

        try await brought.makePackages()
        let packages = try await lab.kubeforge("lab", "up", lab.inventory.path)
        #expect(packages.exitCode == 3, "\(packages.everything)")
        #expect(packages.errors.contains("them: \(Brought.images.joined(separator: ", "))"), "\(packages.errors)")

        try await brought.makeImages()
        let up = try await lab.kubeforge("lab", "up", lab.inventory.path)
        #expect(up.exitCode == 0, "\(up.everything)")
        let install = """
            sudo sh -ec 'echo "deb [signed-by=/etc/apt/keyrings/kubeforge-lab.asc] \
            http://10.84.0.1:8000/core:/stable:/v1.37/deb/ /" > /etc/apt/sources.list.d/kubernetes.list; apt-get -qq \
            update; apt-get -qq install -y kubelet kubeadm kubectl > /dev/null 2>&1'
            dpkg-query -W kubelet kubeadm kubectl kubernetes-cni; kubeadm version -o short
            """
        let versions = [
            "kubelet\t1.37.99-1.1", "kubeadm\t1.37.99-1.1", "kubectl\t1.37.99-1.1", "kubernetes-cni\t1.9.0-1.1",
        ].sorted()
        let installed = try await lab.ssh("kubmaster", install)
        #expect(installed.output == (versions + ["v1.37.99", ""]).joined(separator: "\n"), "\(installed.everything)")
        for image in Brought.images + [
            "ghcr.io/flannel-io/flannel:v0.28.9", "docker.io/library/python:3.13-slim-trixie",
        ] {
            let parts = image.split(separator: "/").dropFirst().joined(separator: "/").split(separator: ":")
            let tags = try await lab.curl("http://10.84.0.1:5000/v2/\(parts[0])/tags/list")
            #expect(tags.output.contains("\"\(parts[1])\""), "\(image): \(tags.everything)")
        }
        let again = try await lab.kubeforge("lab", "up", lab.inventory.path)
        #expect(!again.errors.contains("✓"), "\(again.errors)")

        #expect(try await lab.kubeforge("lab", "down", lab.inventory.path).exitCode == 0)
        try await brought.remove()
        try FileManager.default.removeItem(at: lab.directory)
    }
}

/// Hand-made files with the names and versions of official ones, of a release that nobody has. No Kubernetes is in
/// them.
private struct Brought {
    static let version = "1.37.99"
    static let images =
        ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"].map {
            "registry.k8s.io/\($0):v\(version)"
        }
        + ["registry.k8s.io/coredns/coredns:v1.14.9", "registry.k8s.io/pause:3.10.9", "registry.k8s.io/etcd:3.7.0-0"]

    let lab: TestLab

    private var directory: String { lab.inventory.cache }

    func makePackages() async throws {
        let list = Self.images.map { "echo \($0)" }.joined(separator: "; ")
        try await shell(
            """
            mkdir -p "$1/packages/\(Self.version)" && cd "$1/packages/\(Self.version)"
            deb() {
                mkdir -p "$2/$1/DEBIAN" "$2/$1/usr/bin"
                printf 'Package: %s\\nVersion: %s\\nArchitecture: amd64\\nMaintainer: a test \
            <test@kubeforge.invalid>\\n%bDescription: hand-made\\n'         "$1" "$3" "$4" > "$2/$1/DEBIAN/control"
                printf '#!/bin/sh\\ncase "$*" in "config images list"*) %s ;; *) echo v%s ;; esac\\n' '\(list)' \
            \(Self.version) > "$2/$1/usr/bin/$1"
                chmod 755 "$2/$1/usr/bin/$1"
                dpkg-deb --root-owner-group --build "$2/$1" "${1}_$3_amd64.deb" > /dev/null
            }
            trees=$(mktemp -d)
            deb kubelet "$trees" \(Self.version)-1.1 'Depends: iptables (>= 1.4.21), kubernetes-cni (>= 1.2.0), mount, \
            util-linux\\n'
            deb kubeadm "$trees" \(Self.version)-1.1 ''
            deb kubectl "$trees" \(Self.version)-1.1 ''
            deb kubernetes-cni "$trees" 1.9.0-1.1 ''
            rm -r "$trees"
            """)
    }

    /// Archives of both kinds.
    func makeImages() async throws {
        let made = try await lab.python(
            Self.archives, "\(directory)/images/\(Self.version)", Self.images.joined(separator: " "))
        try #require(made.exitCode == 0, "\(made.everything)")
    }

    /// With what the lab made of them in the cache.
    func remove() async throws {
        let stable = "apt/core:/stable:/v1.37"
        let removal = try await lab.asRoot(
            """
            for cache in '\(directory)' ~root/.cache/kubeforge/lab; do cd "$cache" 2>/dev/null || continue
            rm -rf packages/\(Self.version) images/\(Self.version) brought/\(Self.version) \(stable) \
            registry/stocked/\(Self.version); done
            """)
        try #require(removal.exitCode == 0, "\(removal.everything)")
    }

    private func shell(_ script: String) async throws {
        let run = try await Program(
            path: "/bin/sh", arguments: ["-ec", script, "sh", directory], environment: lab.environment
        ).run()
        try #require(run.exitCode == 0, "\(run.everything)")
    }

    private static let archives = """
        import hashlib, io, json, os, sys, tarfile
        directory, names = sys.argv[1], sys.argv[2].split()
        os.makedirs(directory, exist_ok=True)

        def add(archive, name, data):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))

        for number, name in enumerate(names):
            layer = io.BytesIO()
            with tarfile.open(fileobj=layer, mode="w") as tree:
                add(tree, "name", name.encode())
            layer = layer.getvalue()
            digest = lambda data: hashlib.sha256(data).hexdigest()
            config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                                 "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest(layer)]}}).encode()
            with tarfile.open(f"{directory}/{name.split('/')[-1].split(':')[0]}.tar", "w") as archive:
                if number % 2:
                    add(archive, digest(config) + ".json", config)
                    add(archive, "layer.tar", layer)
                    add(archive, "manifest.json", json.dumps(
                        [{"Config": digest(config) + ".json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode())
                else:
                    kind = "application/vnd.oci.image."
                    part = lambda what, data: {"mediaType": kind + what, "digest": "sha256:" + digest(data), "size": \
        len(data)}
                    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
                                           "config": part("config.v1+json", config), "layers": [part("layer.v1.tar", \
        layer)]}).encode()
                    for data in (layer, config, manifest):
                        add(archive, "blobs/sha256/" + digest(data), data)
                    add(archive, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
                    entry = dict(part("manifest.v1+json", manifest), annotations={"org.opencontainers.image.ref.name": \
        name})
                    add(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        """
}
