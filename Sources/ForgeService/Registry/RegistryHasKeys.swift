import ForgeCore
import ForgeInventory
import ForgePlan

/// The cluster's registry has a certificate that the cluster's nodes trust, and a random password.
///
/// The password never leaves the machine but inside the cluster's Secret: scripts read it from files into the shell's
/// own words.
package struct RegistryHasKeys: Step {
    private let registry: ClusterRegistry
    private let host: Host
    private let place: RegistryPlace

    init(_ registry: ClusterRegistry, on host: Host, place: RegistryPlace = RegistryPlace()) {
        self.registry = registry
        self.host = host
        self.place = place
    }

    package var title: String { "the registry has a password, and a certificate of the cluster" }

    package var questions: [Question] { [.command(look)] }

    /// A line for each thing that is not so: `its certificate ends within 90 days`.
    package func differences(given answers: Answers) -> [Difference] {
        let state = answers.command(look)
        if state.exitCode != 0, state.text.isEmpty { return ["its files could not be inspected"] }
        return state.text.split(whereSeparator: \.isNewline).map { Difference(String($0)) }
    }

    /// Keeps a password that is there, and a certificate that fits. Throws where the cluster's authority has no key.
    package func apply(to machine: Machine) async throws {
        try await machine.run(
            change,
            fix: "does \(place.pki) on \(machine.host.name) hold ca.crt and ca.key, the cluster's own authority? "
                + "Without its key, name a registry of your own: service: registry: in the inventory")
    }

    /// Prints a line for each thing that is not so.
    var look: String { Command(["sh", "-c", Word(Self.functions + "\nlook"), "sh"] + arguments).line }

    var change: Command { Command(["sh", "-c", Word(Self.functions + "\nchange"), "sh"] + arguments).asRoot() }

    private var arguments: [Word] {
        [
            Word(place.files), Word(place.login), Word(place.pki), Word("\(registry.address)"), Word(host.name),
            Word(registry.endpoint),
            Word(RegistryPlace.user),
        ]
    }

    /// A hash of bcrypt's lowest cost but one: each request to the registry is checked with it, and a password of 192
    /// random bits needs no more. perl-base is part of every Debian and Ubuntu, and its crypt is libc's.
    ///
    /// The certificate is for servers only, so that it opens no API server, and lives as long as kubeadm's authority:
    /// its key lies beside the authority's own, so a shorter life would protect nothing, and would end the pulls of a
    /// cluster that is left alone for a year.
    private static let functions = #"""
        set -eu; umask 077; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        \#(ShellFunction.place)
        files=$1 login=$2 authority=$3 address=$4 name=$5 endpoint=$6 user=$7
        for_curl() { printf 'user = "%s:%s"\n' "$user" "$password"; }
        for_docker() { printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$endpoint" "$(printf %s "$user:$password" | base64 \#
        -w 0)"; }
        hash_fits() {
          perl -e 'open F, "<", shift or exit 1; exit 1 unless <F> =~ /^[^:]+:(\S+)$/; $hash = $1; $word = <STDIN>; \#
        chomp $word;
            exit((crypt($word, $hash) // "") ne $hash)' "$files/htpasswd" <"$login/password" 2>/dev/null
        }
        logins_fit() {
          password=; ! [ -s "$login/password" ] || read -r password <"$login/password"
          [ -n "$password" ] && hash_fits && [ "$(cat "$login/curl" 2>/dev/null)" = "$(for_curl)" ] \
            && [ "$(cat "$login/config.json" 2>/dev/null)" = "$(for_docker)" ]
        }
        certificate_fits() {
          openssl verify -CAfile "$authority/ca.crt" "$files/tls.crt" >/dev/null 2>&1 \
            || { why='is not one of the cluster'\''s authority, or has ended'; return 1; }
          openssl x509 -noout -checkend 7776000 -in "$files/tls.crt" >/dev/null || { why='ends within 90 days'; \#
        return 1; }
          openssl x509 -noout -checkip "$address" -in "$files/tls.crt" | grep -q 'does match' || { why="is not for \#
        $address"; return 1; }
          [ "$(openssl x509 -noout -pubkey -in "$files/tls.crt")" = "$(openssl pkey -pubout -in "$files/tls.key" \#
        2>/dev/null)" ] \
            || { why='is not that of its key'; return 1; }
        }
        look() {
          logins_fit || echo 'its password is missing, or its copies differ'
          if [ ! -e "$files/tls.crt" ]; then echo 'it has no certificate'; else certificate_fits || echo "its \#
        certificate $why"; fi
        }
        new_logins() {
          [ -s "$login/password" ] || head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$login/password.new"
          [ -s "$login/password" ] || { echo >>"$login/password.new"; place "$login/password.new" "$login/password"; }
          read -r password <"$login/password"
          perl -e 'open R, "<", "/dev/urandom"; read R, $salt, 16; $word = <STDIN>; chomp $word;
            $hash = crypt($word, "\$2b\$05\$" . substr(unpack("H*", $salt), 0, 22)) // "";
            die "this libc does not know bcrypt\n" unless $hash =~ /^\$2b\$/; print shift, ":$hash\n"' \
            "$user" <"$login/password" >"$files/htpasswd.new"
          for_curl >"$login/curl.new"; for_docker >"$login/config.json.new"
          place "$files/htpasswd.new" "$files/htpasswd"; place "$login/curl.new" "$login/curl"
          place "$login/config.json.new" "$login/config.json"
        }
        new_certificate() {
          printf \#
        'subjectAltName=IP:%s,\#
        DNS:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n' \
            "$address" "$name" >"$files/extensions.new"
          openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=kubeforge-registry \
            -keyout "$files/tls.key.new" -out "$files/request.new" 2>/dev/null
          openssl x509 -req -in "$files/request.new" -CA "$authority/ca.crt" -CAkey "$authority/ca.key" -days 3650 \
            -set_serial "0x$(head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n' | sed 's/^./4/')" \
            -extfile "$files/extensions.new" -out "$files/tls.crt.new" 2>"$files/said.new" || { cat "$files/said.new" \#
        >&2; return 1; }
          place "$files/tls.key.new" "$files/tls.key"; place "$files/tls.crt.new" "$files/tls.crt"
        }
        change() {
          mkdir -p "$files" "$login"; chmod 700 "$files" "$login"
          trap 'rm -f "$files"/*.new "$login"/*.new' EXIT; \#(ShellFunction.endsBySignal)
          logins_fit || new_logins
          certificate_fits 2>/dev/null || new_certificate
        }
        """#
}
