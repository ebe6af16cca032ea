import Foundation
import Testing

/// Why what comes from a place outside is what it should be.
private enum Trust {
    /// A signing key, pinned or known by its fingerprint.
    case key
    /// The digest of each file.
    case digest
    /// A tag: Security.md names the image, and says why that is all.
    case tag
    /// Nothing is fetched from there; the text says what it is for.
    case nothing(String)
}

/// Every public address that is written into the program or its templates, by file and host.
private let addresses: [String: Trust] = [
    "Sources/ForgeKubernetes/CNI/Calico.swift raw.githubusercontent.com": .digest,
    "Sources/ForgeKubernetes/Kubeadm/Certificates.swift kubernetes.io": .nothing("a page to read"),
    "Sources/ForgeKubernetes/Kubeadm/KubernetesPackages.swift pkgs.k8s.io": .key,
    "Sources/ForgeKubernetes/Runtime/CRIDockerd.swift github.com": .digest,
    "Sources/ForgeKubernetes/Runtime/DockerPackages.swift download.docker.com": .key,
    "Sources/ForgeLab/Artifacts/Artifacts.swift deb.debian.org": .nothing("whether it answers"),
    "Sources/ForgeLab/Artifacts/BroughtRelease.swift pkgs.k8s.io": .nothing("a command for a person"),
    "Sources/ForgeService/Registry/RegistryLogin.swift index.docker.io": .nothing("Docker's name of a login"),
    "templates/lab/build/debian-release.sh deb.debian.org": .key,
    "templates/lab/build/kubelet.service kubernetes.io": .nothing("a page to read"),
    "templates/lab/build/workshop.sh deb.debian.org": .key,
    "templates/service/Dockerfile pypi.org": .digest,
]

/// Every image of a public registry, by file and name; of a registry alone, whoever is asked names the images.
private let images: [String: Trust] = [
    "Sources/ForgeInventory/Cluster/Cluster.swift registry.k8s.io": .tag,
    "Sources/ForgeInventory/Cluster/ClusterRegistry.swift docker.io/library/registry:2.8.3": .tag,
    "Sources/ForgeInventory/Cluster/Service.swift docker.io/library/python:3.13-slim-trixie": .tag,
    "Sources/ForgeKubernetes/CNI/Calico.swift quay.io/calico": .tag,
    "Sources/ForgeLab/Artifacts/BroughtRelease.swift registry.k8s.io": .nothing("a command for a person"),
    "Sources/ForgeService/Release/Release.swift docker.io/library": .nothing("a name from before the registry"),
    "templates/cni/flannel.yaml ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3": .tag,
    "templates/cni/flannel.yaml ghcr.io/flannel-io/flannel:v0.28.9": .tag,
    "templates/service/Dockerfile python:3.13-slim-trixie": .nothing("deploy always says another one"),
]

@Suite("What is fetched from outside")
struct DownloadsTests {
    @Test("is listed with the reason to believe it: each address")
    func addressesAreListed() throws {
        let address = #/https?:\/\/((?:[a-z0-9-]+\.)+[a-z]{2,})(?=[\/:"'`\s)]|$)/#
        let found = try Self.lines().flatMap { path, line in
            line.matches(of: address).map { "\(path) \($0.1)" }
        }.filter { !$0.hasSuffix("example.org") && !$0.hasSuffix("example.com") }
        Self.compare(found, with: addresses)
    }

    @Test("is listed with the reason to believe it: each image that is not named by its digest")
    func imagesAreListed() throws {
        let image =
            #/
            (?:^|[^\w.\/-])
            ((?:docker\.io(?=\/)|ghcr\.io|quay\.io|gcr\.io|registry\.k8s\.io|public\.ecr\.aws)
            (?:\/[a-z0-9._-]+)*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?)
            /#
        let template = #/^(?:- )?image:\s*([^\s{]\S*)|^FROM ([^\s$]\S*)|^ARG \w*IMAGE=(\S+)/#
        let found = try Self.lines().flatMap { path, line in
            var names = line.matches(of: image).map { String($0.1) }
            if path.hasPrefix("templates/"), let own = line.firstMatch(of: template) {
                names.append(String(own.1 ?? own.2 ?? own.3 ?? ""))
            }
            return names.filter { !$0.contains("@sha256:") }.map { "\(path) \($0)" }
        }
        Self.compare(found, with: images)
    }

    @Test("and is believed by its tag alone is named in Security.md")
    func tagsAreExplained() throws {
        let text = try String(
            contentsOf: Self.root.appending(path: "Sources/ForgeCLI/Documentation.docc/Security.md"), encoding: .utf8)
        for case (let key, .tag) in images {
            let name = try #require(key.split(separator: " ").last?.split(separator: ":").first)
            #expect(text.contains("`\(name)`"), "Security.md does not say why \(name) has a tag and no digest")
        }
    }

    private static func compare(_ found: [String], with known: [String: Trust]) {
        let found = Set(found)
        for new in found.subtracting(known.keys).sorted() {
            Issue.record(
                "\(new) is new: pin it, and say how in the table; by a tag alone only with a reason in Security.md")
        }
        for old in Set(known.keys).subtracting(found).sorted() {
            Issue.record("\(old) is gone: take it out of the table")
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// All lines of the program and its templates but comments, each with its file, without the space around them.
    private static func lines() throws -> [(path: String, line: String)] {
        try ["Sources", "templates"].flatMap { directory in
            let place = root.appending(path: directory)
            let all = FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil)
            let files = try #require(all).compactMap { $0 as? URL }.filter { !$0.path.contains(".docc/") }
            return files.flatMap { file in
                // Directories, and what a program keeps compiled, are no text.
                guard let text = (try? String(contentsOf: file, encoding: .utf8)).map(joined) else {
                    return [(String, String)]()
                }
                let path = "\(directory)/\(file.path.dropFirst(place.path.count + 1))"
                let comment = directory == "Sources" ? "//" : "#"
                return text.split(whereSeparator: \.isNewline).map { (path, $0.trimmingCharacters(in: .whitespaces)) }
                    .filter { !$0.1.hasPrefix(comment) }
            }
        }
    }
}
