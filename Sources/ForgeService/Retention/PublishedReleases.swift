import ForgeCore
import ForgeInventory

/// The service's releases in the cluster's registry: how it is asked for them, and how it lets some of them go.
struct PublishedReleases: Sendable {
    private let release: Release
    private let place: RegistryPlace
    private let curl: RegistryCurl
    private let pod: String
    private let kubectl = Kubectl(namespace: "kube-system")

    /// `host`: the machine that the registry runs on.
    init(_ release: Release, in place: RegistryPlace = RegistryPlace(), on host: Host) {
        self.release = release
        self.place = place
        curl = RegistryCurl(place)
        pod = "\(RegistryIsConfigured.pod)-\(host.name)"
    }

    /// Prints `present TAG`; nothing where the registry does not answer: what is not known is not removed.
    var look: String {
        """
        \(curl.line("-s", "-f", Word("\(address)/tags/list"))) 2>/dev/null | grep -oE '\"[0-9a-f]{16}\"' | tr -d '\"' \
        | sed 's/^/present /' || :
        """
    }

    /// Functions for a script with the tags to remove as its arguments: `unpublish`, once, for all of them.
    ///
    /// The registry removes a manifest by its digest, and with it every tag that it has: two contexts can make one and
    /// the same image. So the tags that stay get theirs back. Then layers that no image has any longer are removed,
    /// unless somebody pushes right now; the next time does that.
    var functions: String {
        """
        ask() { \(curl.line("-s", "-S", "-f")) "$@"; }
        accept='Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
        application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json'
        digest() { ask --head -H "$accept" "\(address)/manifests/$1" 2>/dev/null | tr -d '\\r' | sed -n \
        's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'; }
        unpublish() {
        there=$(ask "\(address)/tags/list" 2>/dev/null | grep -oE '"[0-9a-f]{16}"' | tr -d '"') || return 0
        new=$(mktemp -d); removed=
        for tag in "$@"; do
        echo "$there" | grep -qx "$tag" || continue
        sum=$(digest "$tag"); [ -n "$sum" ] || continue
        twins=; for other in $there; do case " $* " in *" $other "*) ;; *) [ "$(digest "$other")" != "$sum" ] || \
        twins="$twins $other";; esac; done
        type=; if [ -n "$twins" ]; then
        type=$(ask -D - -o "$new/manifest" -H "$accept" "\(address)/manifests/$sum" | tr -d '\\r' | sed -n \
        's/^[Cc]ontent-[Tt]ype: //p'); fi
        ask -o /dev/null -X DELETE "\(address)/manifests/$sum"; removed=1
        for other in $twins; do ask -o /dev/null -X PUT -H "Content-Type: $type" --data-binary "@$new/manifest" \
        "\(address)/manifests/$other"; done
        done
        rm -rf -- "$new"
        [ -n "$removed" ] || return 0
        code=0; flock -n -E 75 \(place.lock.shellQuoted) \(collect) >/dev/null || code=$?
        case $code in 0) ;; 75) echo 'layers are collected the next time';; *) echo "layers could not be collected \
        (exit code $code)" >&2;; esac
        }
        """
    }

    private var address: String { "https://\(release.host)/v2/\(release.repository)" }

    private var collect: String {
        kubectl.line(
            "exec", Word(pod), "--request-timeout=600s", "--", "registry", "garbage-collect",
            "/etc/kubeforge-registry/config.yml")
    }
}
