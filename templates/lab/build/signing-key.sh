# Makes the key that signs the lab's apt repositories: $out is the key's GnuPG home, $out/key.asc its public half.
# Runs in the workshop. Needs: out.
set -eu

chmod 700 "$out"
gpg --homedir "$out" --batch --quiet --passphrase '' --quick-generate-key 'kubeforge lab <lab@kubeforge.invalid>' rsa3072 sign never
gpg --homedir "$out" --batch --armor --export >"$out/key.asc"
gpgconf --homedir "$out" --kill all
