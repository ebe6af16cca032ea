import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation
import Testing

@testable import ForgeLab

@Suite("What a user brings of a release")
struct BroughtReleaseTests {
    private let computer = LocalHost()
    private let version = Version(1, 36, 3)

    @Test("is told whole when nothing is there, with what to type for it")
    func nothing() async throws {
        let artifacts = try Artifacts(
            cache: Cache(root: "/nowhere"), computer: computer, templates: Templates(), kubernetes: version,
            distributions: [.debian13])
        #expect(
            try await artifacts.missing(Survey()).map(\.description) == [
                """
                the lab does not have all packages of Kubernetes 1.36.3
                  why  it builds 1.20.2 from Debian's source; the packages of another release must be brought by the \
                user
                       /nowhere/packages/1.36.3 lacks kubelet 1.36.3, kubeadm 1.36.3, kubectl 1.36.3, kubernetes-cni
                  fix  where there is internet, take them from pkgs.k8s.io, and run the same command again (it then \
                names the images):
                       mkdir -p /nowhere/packages/1.36.3 && cd /nowhere/packages/1.36.3 && \
                base=https://pkgs.k8s.io/core:/stable:/v1.36/deb
                       curl -fsSL $base/Packages | sed -n 's/^Filename: //p' | grep -E \
                '(kubelet|kubeadm|kubectl)_1\\.36\\.3-[^_]*_amd64\\.deb$' | xargs -I{} curl -fLO $base/{}
                       curl -fsSL $base/Packages | sed -n 's/^Filename: //p' | grep -E \
                'kubernetes-cni_[^_]*_amd64\\.deb$' | sort -V | tail -n 1 | xargs -I{} curl -fLO $base/{}
                       or write `kubernetes: 1.20.2` in the inventory
                """
            ])
    }

    @Test("is read from the debs themselves, and what they need of the same repository is missed")
    func packages() async throws {
        try await withDirectory { directory in
            for name in ["kubelet", "kubeadm"] {
                try await deb(
                    "\(directory)/packages/1.36.3", name, "1.36.3-1.1",
                    depends: "kubernetes-cni (>= 1.2.0), mount, util-linux | x")
            }
            try await deb("\(directory)/packages/1.36.3", "kubectl", "1.36.2-1.1")
            let brought = try await BroughtRelease.take(version, directory: directory, computer)
            #expect(brought.packages.map(\.name) == ["kubeadm", "kubectl", "kubelet"])
            #expect(brought.packages[0].dependencies == ["kubernetes-cni", "mount", "util-linux"])
            #expect(
                brought.missingPackages?.why?.hasSuffix("/packages/1.36.3 lacks kubectl 1.36.3, kubernetes-cni") == true
            )
            try await deb("\(directory)/packages/1.36.3", "kubectl", "1.36.3-1.1")
            try await deb("\(directory)/packages/1.36.3", "kubernetes-cni", "1.8.0-1.1")
            #expect(try await BroughtRelease.take(version, directory: directory, computer).missingPackages == nil)
        }
    }

    @Test("lacks the images that its own kubeadm lists and no archive has")
    func images() async throws {
        try await withDirectory { directory in
            try await deb("\(directory)/packages/1.36.3", "kubeadm", "1.36.3-1.1", kubeadm: Self.kubeadm)
            try await dockerArchive("\(directory)/images/1.36.3/etcd.tar", ["registry.k8s.io/etcd:3.6.8-0"])
            try await ociArchive("\(directory)/images/1.36.3/pause.tar", "registry.k8s.io/pause:3.10.2")
            let brought = try await BroughtRelease.take(version, directory: directory, computer)
            let listed = try await brought.packages[0].images(version, computer)
            #expect(
                listed == [
                    "registry.k8s.io/kube-apiserver:v1.36.3", "registry.k8s.io/coredns/coredns:v1.14.2",
                    "registry.k8s.io/pause:3.10.2",
                    "registry.k8s.io/etcd:3.6.8-0",
                ])
            #expect(
                brought.missingImages(listed)?.description == """
                    the lab does not have all images of Kubernetes 1.36.3
                      why  kubeadm 1.36.3 needs them, and no archive in \(directory)/images/1.36.3 has them: \
                    registry.k8s.io/kube-apiserver:v1.36.3, registry.k8s.io/coredns/coredns:v1.14.2
                      fix  where there is internet, take them from registry.k8s.io, and run the same command again:
                           mkdir -p \(directory)/images/1.36.3 && cd \(directory)/images/1.36.3
                           for image in registry.k8s.io/kube-apiserver:v1.36.3 \
                    registry.k8s.io/coredns/coredns:v1.14.2; do file=${image##*/}
                           skopeo copy --override-os linux --override-arch amd64 docker://$image \
                    docker-archive:${file%%:*}.tar:$image; done
                    """)
            #expect(brought.missingImages([listed[2], listed[3]]) == nil)
        }
    }

    @Test("is fetched by the commands that are told")
    func commands() async throws {
        try await withDirectory { directory in
            let brought = BroughtRelease(version: version, directory: directory)
            let repository = "\(directory)/repository"
            for name in [
                "kubelet_1.36.2-1.1", "kubelet_1.36.3-1.1", "kubernetes-cni_1.2.0-1.1", "kubernetes-cni_1.10.0-1.1",
            ] {
                try computer.replace("\(repository)/amd64/\(name)_amd64.deb", with: name)
                try computer.replace("\(repository)/arm64/\(name)_arm64.deb", with: name)
            }
            let files =
                computer.names(in: "\(repository)/amd64").map { "amd64/\($0)" }
                + computer.names(in: "\(repository)/arm64").map { "arm64/\($0)" }
            try computer.replace(
                "\(repository)/Packages", with: files.map { "Package: x\nFilename: \($0)\n\n" }.joined())
            let fetch = brought.fetchPackages(["kubelet"], ["kubernetes-cni"], from: "file://\(repository)").joined(
                separator: "\n")
            try await computer.finish(Command("sh", "-ec", Word(fetch)))
            #expect(
                computer.names(in: brought.packagesDirectory) == [
                    "kubelet_1.36.3-1.1_amd64.deb", "kubernetes-cni_1.10.0-1.1_amd64.deb",
                ])

            try computer.replace(
                "\(directory)/bin/skopeo", with: "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \(directory)/called\n",
                mode: 0o755)
            let images = brought.fetchImages([
                "registry.k8s.io/coredns/coredns:v1.14.2", "registry.k8s.io/pause:3.10.2",
            ])
            try await computer.finish(
                Command("sh", "-ec", Word((["PATH=\(directory)/bin:$PATH"] + images).joined(separator: "\n"))))
            #expect(
                computer.read("\(directory)/called") == """
                    copy --override-os linux --override-arch amd64 docker://registry.k8s.io/coredns/coredns:v1.14.2 \
                    docker-archive:coredns.tar:registry.k8s.io/coredns/coredns:v1.14.2
                    copy --override-os linux --override-arch amd64 docker://registry.k8s.io/pause:3.10.2 \
                    docker-archive:pause.tar:registry.k8s.io/pause:3.10.2

                    """)
        }
    }

    @Test("says which archive has no name in it")
    func nameless() async throws {
        try await withDirectory { directory in
            try await ociArchive("\(directory)/images/a.tar", "v1.0")
            let problem = await #expect(throws: Problem.self) {
                try await BroughtRelease.take(version, directory: directory, computer)
            }
            #expect(problem?.what == "\(directory)/images/a.tar names no image")
        }
    }

    @Test("takes the place of what the lab would make, and keeps the stand-ins for the rest")
    func artifacts() throws {
        let artifacts = try Artifacts(
            cache: Cache(root: "/cache"), computer: computer, templates: Templates(), kubernetes: version,
            distributions: [.debian13],
            broughtDirectory: "/home/me/lab")
        var brought = BroughtRelease(version: version, directory: "/home/me/lab")
        brought.packages = [
            BroughtPackage(
                path: "/home/me/lab/packages/1.36.3/kubeadm.deb", stamp: "1 2", fields: "kubeadm\n1.36.3-1.1\n\n")
        ]
        brought.archives = [
            BroughtArchive(
                path: "/home/me/lab/images/1.36.3/pause.tar", stamp: "1 2", transport: "oci-archive",
                names: ["registry.k8s.io/pause:3.10.2"])
        ]
        var all = try artifacts.all(brought)
        #expect(
            all.map(\.name).suffix(8) == [
                "the copy of the user's files for Kubernetes 1.36.3", "the source of Kubernetes",
                "the set of stand-ins",
                "the Python base image", "the registry's own image", "the image set of flannel",
                "the apt repository of Kubernetes v1.36",
                "the image registry for Kubernetes 1.36.3",
            ])
        #expect(all[all.count - 2].values["debs"] == "/cache/brought/1.36.3/packages")
        #expect(
            all.last?.values["pushes"]
                == "oci-archive\t/cache/brought/1.36.3/images/pause.tar\tregistry.k8s.io/pause:3.10.2\tpause:3.10.2\n")

        brought.archives.append(
            BroughtArchive(
                path: "/home/me/lab/images/flannel.tar", stamp: "1 2", transport: "docker-archive",
                names: [
                    "ghcr.io/flannel-io/flannel:v0.28.9", "docker.io/flannel-io/flannel-cni-plugin:v1",
                    "python:3.13-slim-trixie",
                ]))
        all = try artifacts.all(brought)
        #expect(
            !all.contains {
                ["the image set of flannel", "the Python base image", "the source of Kubernetes"].contains($0.name)
            })
    }

    @Test(
        "lies in the registry without the name of the registry that it came from",
        arguments: [
            ("registry.k8s.io/kube-apiserver:v1.36.3", "kube-apiserver:v1.36.3"),
            ("registry.k8s.io/coredns/coredns:v1.14.2", "coredns/coredns:v1.14.2"),
            ("docker.io/flannel/flannel:v1", "flannel/flannel:v1"), ("docker.io/python:3.11", "library/python:3.11"),
            ("python:3.11", "library/python:3.11"), ("library/python:3.11", "library/python:3.11"),
            ("localhost:5000/pause:3.10", "pause:3.10"), ("localhost/inference:1", "inference:1"),
        ])
    func registryPaths(name: String, path: String) { #expect(RegistryPath.of(name) == path) }

    @Test("is what containerd, Docker and skopeo write into their archives")
    func archiveNames() {
        #expect(
            BroughtArchive.dockerNames(#"[{"Config":"a.json","RepoTags":["a:1","b/c:2"]},{"RepoTags":null}]"#) == [
                "a:1", "b/c:2",
            ])
        #expect(
            BroughtArchive.ociNames(
                #"""
                {"manifests":[{"annotations":{"io.containerd.image.name":"r.io/a:1",\#
                "org.opencontainers.image.ref.name":"1"}},{"annotations":{\#
                "org.opencontainers.image.ref.name":"r.io/b:2"}},{"digest":"x"}]}
                """#
            ) == ["r.io/a:1", "r.io/b:2"])
    }

    @Test("is copied from where it lies, links followed")
    func copies() async throws {
        try await withDirectory { directory in
            try computer.replace("\(directory)/elsewhere/x.deb", with: "x")
            try computer.makeDirectory("\(directory)/packages/1.36.3")
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/packages/1.36.3/kubelet.deb", withDestinationPath: "\(directory)/elsewhere/x.deb")
            try computer.replace("\(directory)/images/flannel.tar", with: "f")
            let rules = try BuildRules(
                cache: Cache(root: "\(directory)/cache"), texts: Templates().directory("lab/build"))
            let artifact = try rules.brought(BroughtRelease(version: version, directory: directory))
            let maker = ArtifactBuilder(cache: rules.cache, computer: computer)
            try maker.write(rules.texts)
            try await maker.make(artifact, progress: LabProgress { _ in })
            let copy = "\(artifact.place)/packages/kubelet.deb"
            #expect(try FileManager.default.attributesOfItem(atPath: copy)[.type] as? FileAttributeType == .typeRegular)
            #expect(computer.read(copy) == "x")
            #expect(computer.read("\(artifact.place)/shared/flannel.tar") == "f")
            #expect(computer.names(in: "\(artifact.place)/images") == [])
        }
    }

    /// As kubeadm prints it; its warnings go elsewhere.
    private static let kubeadm = """
        #!/bin/sh
        test "$*" = "config images list --kubernetes-version v1.36.3" || exit 3
        echo 'W1126 remote version is much newer' >&2
        for image in kube-apiserver:v1.36.3 coredns/coredns:v1.14.2 pause:3.10.2 etcd:3.6.8-0; do echo \
        "registry.k8s.io/$image"; done

        """

    private func deb(
        _ directory: String, _ name: String, _ version: String, depends: String = "", kubeadm: String? = nil
    )
        async throws
    {
        let tree = "\(directory)/../tree-\(name)"
        let needs = depends.isEmpty ? "" : "Depends: \(depends)\n"
        try computer.makeDirectory(directory)
        try computer.replace(
            "\(tree)/DEBIAN/control",
            with:
                """
                Package: \(name)\nVersion: \(version)\nArchitecture: amd64\nMaintainer: a test \
                <test@kubeforge.invalid>\n\(needs)Description: a test's\n
                """
        )
        if let kubeadm { try computer.replace("\(tree)/usr/bin/kubeadm", with: kubeadm, mode: 0o755) }
        try await computer.finish(
            Command("dpkg-deb", "--root-owner-group", "--build", Word(tree), Word("\(directory)/\(name)_amd64.deb")))
    }

    private func dockerArchive(_ path: String, _ names: [String]) async throws {
        let tags = names.map { "\"\($0)\"" }.joined(separator: ",")
        try await archive(path, "manifest.json", "[{\"Config\":\"c.json\",\"RepoTags\":[\(tags)],\"Layers\":[]}]")
    }

    private func ociArchive(_ path: String, _ name: String) async throws {
        try await archive(
            path, "index.json",
            """
            {\"schemaVersion\":2,\"manifests\":[{\"annotations\":{\"org.opencontainers.image.ref.name\":\"\(name)\"}}]}
            """
        )
    }

    private func archive(_ path: String, _ file: String, _ text: String) async throws {
        let directory = path + ".files"
        try computer.replace("\(directory)/\(file)", with: text)
        try await computer.finish(Command("tar", "-cf", Word(path), "-C", Word(directory), Word(file)))
    }

    private func withDirectory(_ work: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID().uuidString)").path()
        try computer.makeDirectory(directory)
        do { try await work(directory) } catch {
            try computer.remove(directory)
            throw error
        }
        try computer.remove(directory)
    }
}
