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
        | sed 's/^/present /'
        """
    }

    /// Functions for a script with the tags to remove as its arguments: `unpublish`, once, for all of them. It fails
    /// where a request failed, and names the tags that are left.
    ///
    /// The registry removes a manifest by its digest, and with it every tag that it has: two contexts can make one and
    /// the same image. So a tag is removed only where the digests of all others are known, and one that shares its
    /// manifest gets another manifest first, which goes in its place. Then layers that no image has any longer are
    /// removed, unless somebody pushes right now; the next time does that.
    var functions: String {
        """
        ask() { \(curl.line("-s", "-S", "-f")) "$@"; }
        accept='Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
        application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json'
        \(Self.header)
        \(digest)
        \(withdraw)
        unpublish() {
        there=$(ask "\(address)/tags/list" 2>/dev/null) || return 0
        there=$(printf %s "$there" | tr -d ' \\n' | sed -n 's/.*"tags":\\[\\([^]]*\\)\\].*/\\1/p' | tr -d '"' | \
        tr , ' ')
        new=$(mktemp -d); removed=; left=
        for tag in "$@"; do
        case " $there " in *" $tag "*) ;; *) continue;; esac
        if withdraw "$tag" " $* "; then removed=1; else left="$left $tag"; fi
        done
        rm -rf -- "$new"
        [ -z "$removed" ] || \(collect)
        [ -z "$left" ] || { echo "a request failed, and these tags were not removed from the registry:$left" >&2
        return 1; }
        }
        """
    }

    /// `header NAME FILE`: the value of a header of the last response in the file.
    private static let header = #"header() { tr -d '\r' <"$2" | sed -n "s/^$1: //Ip" | tail -n 1; }"#

    /// `digest TAG`: prints the digest of its manifest; nothing where it has none. Fails where the registry does not
    /// say.
    private var digest: String {
        """
        digest() {
        code=$(ask --head -o "$new/head" -w '%{http_code}' -H "$accept" "\(address)/manifests/$1" 2>/dev/null) || \
        { [ "$code" = 404 ]; return; }
        sum=$(header docker-content-digest "$new/head"); [ -n "$sum" ] && echo "$sum"
        }
        """
    }

    /// `withdraw TAG " TAG… "`: removes the tag, one of these. Fails where any request fails.
    private var withdraw: String {
        """
        withdraw() {
        sum=$(digest "$1") || return
        [ -n "$sum" ] || return 0
        twin=; for other in $there; do
        case $2 in *" $other "*) continue;; esac
        same=$(digest "$other") || return
        [ "$same" != "$sum" ] || twin=$other
        done
        if [ -n "$twin" ]; then
        ask -D "$new/head" -o "$new/manifest" -H "$accept" "\(address)/manifests/$sum" || return
        type=$(header content-type "$new/head"); [ -n "$type" ] || return
        [ "sha256:$(sha256sum <"$new/manifest" | cut -d ' ' -f 1)" = "$sum" ] || return
        sed "1s/{/{\\"kubeforge.io\\/removed\\":\\"$1\\",/" "$new/manifest" >"$new/own" || return
        own=sha256:$(sha256sum <"$new/own" | cut -d ' ' -f 1); [ "$own" != "$sum" ] || return
        ask -o /dev/null -X PUT -H "Content-Type: $type" --data-binary "@$new/own" \
        "\(address)/manifests/$1" || return
        sum=$own
        fi
        ask -o /dev/null -X DELETE "\(address)/manifests/$sum"
        }
        """
    }

    private var address: String { "https://\(release.host)/v2/\(release.repository)" }

    /// Fails never: what stays now goes the next time.
    private var collect: String {
        """
        { code=0; flock -n -E 75 \(place.lock.shellQuoted) \(garbageCollect) >/dev/null || code=$?
        case $code in 0) ;; 75) echo 'layers are collected the next time';; *) echo "layers could not be collected \
        (exit code $code)" >&2;; esac; }
        """
    }

    private var garbageCollect: String {
        kubectl.line(
            "exec", Word(pod), "--request-timeout=600s", "--", "registry", "garbage-collect",
            "/etc/kubeforge-registry/config.yml")
    }
}
