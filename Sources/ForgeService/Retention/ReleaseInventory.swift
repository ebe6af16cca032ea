import ForgeCore
import ForgeInventory
import ForgePlan

/// How a machine is asked for the releases that it has, and how it lets some of them go.
struct ReleaseInventory {
    let release: Release
    /// nil where no pods run.
    let runtime: Cluster.Runtime?
    let isBuilder: Bool
    let service: Service
    /// nil where the registry is not kubeforge's own, or not here.
    var registry: PublishedReleases?

    /// Prints `deployed TAG`, `used TAG`, `restorable TAG` and `present TAG`. Fails when it cannot be told what is in
    /// use.
    var look: String {
        let known = """
            set -e; names=\(names.shellQuoted)
            tags() { sed -nE "s,^(${2:-$names}):([0-9a-f]{16})\\$,$1 \\2,p"; }
            ls -1t \(notes) 2>/dev/null | sed -n 's/^/deployed /p'
            """
        return ([known] + (isBuilder ? [builderLook] : []) + (runtime.map { [nodeLook($0)] } ?? [])).joined(
            separator: "\n")
    }

    private var builderLook: String {
        // Of all namespaces: a service of the same name elsewhere may use the same image.
        let kubectl = Kubectl(namespace: service.namespace)
            .line(
                "get", "pods,deployments,replicasets,cronjobs", "--all-namespaces", "--output",
                #"jsonpath={range .items[*]}{.kind} {..image}{"\n"}{end}"#)
        return """
            objects=$(\(kubectl)); echo "$objects" | sed '/^ReplicaSet /d' | tr ' ' '\\n' | tags used \(anywhere)
            echo "$objects" | sed -n 's/^ReplicaSet //p' | tr ' ' '\\n' | tags restorable \(anywhere)
            ls -1td \(directories.map { $0 + "/*" }.joined(separator: " ")) 2>/dev/null | sed -nE \
            's,^.*/([0-9a-f]{16})$,present \\1,p' | \(ownership.filter)
            images=$(docker image ls --format '{{.Repository}}:{{.Tag}}')
            echo "$images" | tags present \(pattern(paths).shellQuoted)
            echo "$images" | tags present \(pattern([release.name]).shellQuoted) | \(ownership.filter)
            """ + (registry.map { "\n" + $0.look } ?? "")
    }

    /// Docker shows the containers of pods with the digests of their images, not with names.
    private func nodeLook(_ runtime: Cluster.Runtime) -> String {
        switch runtime {
        case .containerd:
            """
            images=$(ctr --namespace k8s.io containers ls); echo "$images" | awk '{print $2}' | tags used \(anywhere)
            images=$(ctr --namespace k8s.io images ls -q); echo "$images" | tags present
            """
        case .docker:
            """
            ids=$(docker ps --all --quiet); [ -z "$ids" ] || ids=$(docker inspect --format '{{.Image}}' $ids | sort -u)
            images=; [ -z "$ids" ] || images=$(docker image inspect --format '{{join .RepoTags " "}}' $ids)
            echo "$images" | tr ' ' '\\n' | tags used \(anywhere)
            \(isBuilder ? ":" : "docker image ls --format '{{.Repository}}:{{.Tag}}' | tags present")
            """
        }
    }

    /// Removes the releases with these tags, and notes the current one as the last. What fails in the registry, which
    /// comes at the end, is tried again by the next deploy.
    func removal(of tags: [String]) -> Command {
        let remove =
            (runtime == .containerd ? paths.map { "forget \($0):$tag" } : [])
            + (isBuilder || runtime == .docker ? paths.map { "rmi \($0):$tag" } : [])
            + (isBuilder
                ? [
                    "if \(ownership.isLast); then", "rmi \(release.name):$tag",
                    "rm -rf -- " + directories.map { "\($0)/$tag" }.joined(separator: " "), "fi",
                ]
                : runtime == .docker ? ["rmi \(release.name):$tag"] : [])
        let script = """
            set -eu; umask 077; mkdir -p -- \(notes)
            rmi() { if docker image inspect -- "$1" >/dev/null 2>&1; then docker image rm -- "$1"; fi; }
            \(runtime == .containerd ? Self.untag : "")
            for tag in "$@"; do
            \((remove + ["rm -f -- \(notes)/$tag"]).joined(separator: "\n"))
            done
            \(isBuilder ? Self.garbageCollect + "\n" + FormerPlaces(service).removal : ":")
            touch -- \(notes)/\(release.tag)
            \(registry.map { "\($0.functions)\nunpublish \"$@\"" } ?? ":")
            """
        return Command([Word("sh"), "-c", Word(script), "sh"] + tags.map { Word($0) }).asRoot()
    }

    /// The kubelet's side of containerd gives each image a second name, its digest, which keeps all its layers there.
    private static let untag = """
        forget() {
        digest=$(ctr --namespace k8s.io images ls "name==$1" | awk 'NR > 1 { print $3 }')
        [ -n "$digest" ] || return 0
        ctr --namespace k8s.io images rm "$1"
        images=$(ctr --namespace k8s.io images ls)
        ids=$(echo "$images" | awk -v digest="$digest" '
        NR > 1 && $3 == digest { if ($1 ~ /^sha256:|@sha256:/) ids = ids " " $1; else named = 1 }
        END { if (!named) print ids }')
        [ -z "$ids" ] || ctr --namespace k8s.io images rm $ids
        }
        """

    /// Removes what kubeforge kept of images before they came from a registry, and archives that were on their way
    /// then.
    private static let garbageCollect = "rm -rf -- \(RemotePaths.images) /var/lib/kubeforge/passing"

    /// The directory of empty files named by tags, and of nothing else; their times tell the order of deploys.
    private var notes: String { "/var/lib/kubeforge/deployed/\(ownership.owner)" }

    private var ownership: Ownership { Ownership(service) }

    private var directories: [String] { ["/var/lib/kubeforge/contexts", "/var/lib/kubeforge/releases"] }

    /// The image's complete names: the present one, and the one that it had before images came from a registry.
    private var paths: [String] {
        [release.registry, Release.formerRegistry].map { "\($0)/\(release.name)" }.uniqued()
    }

    /// The image's names as a regular expression: complete, and as Docker shortens them.
    private var names: String { pattern(paths + [release.name]) }

    /// Its name in any registry: what is in use may be from before `service: registry:` was changed.
    private var anywhere: String { "\(release.name)|.*/\(release.name)".shellQuoted }

    private func pattern(_ names: [String]) -> String {
        names.map { $0.replacing(".", with: "[.]") }.joined(separator: "|")
    }
}

/// The owners of a build context, an image on the machine that builds, and the answers beside it: places named by
/// content alone may be several services' at once. An empty file for each of them says so.
struct Ownership: Sendable, Hashable {
    /// `mlops.inference`: neither name can have a dot.
    let owner: String

    init(_ service: Service) { owner = "\(service.namespace).\(service.name)" }

    static let directory = "/var/lib/kubeforge/owners"

    func note(_ tag: String) -> String { "\(Self.directory)/\(tag)/\(owner)" }

    /// Shell that lets lines `present TAG` through where the tag is this service's. What nobody is noted for may be
    /// anybody's, and stays.
    var filter: String {
        "{ while read -r word tag; do [ ! -e \(Self.directory)/\"$tag\"/\(owner) ] || echo \"$word $tag\"; done; }"
    }

    /// Shell, for `$tag`: gives up this service's part, and is true when nobody else has one.
    var isLast: String {
        """
        [ -e \(Self.directory)/$tag/\(owner) ] && rm -f -- \(Self.directory)/$tag/\(owner) && \
        rmdir -- \(Self.directory)/$tag 2>/dev/null
        """
    }
}
