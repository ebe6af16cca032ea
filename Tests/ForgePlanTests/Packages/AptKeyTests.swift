import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgePlan

/// The real gpg, with keys that are made here: of a publisher, and of somebody who stands between.
@Suite("The signing key of an apt repository")
struct AptKeyTests {
    private struct Keys: Sendable {
        let folder: TemporaryFolder
        let genuine: String
        let other: String

        /// Armoured in one block each, or all in one: publishers do either.
        func armoured(_ names: String..., inOneBlock: Bool = false) async throws -> String {
            let files = names.map { "\"$1/\($0).gpg\"" }
            let one = "cat \(files.joined(separator: " ")) | gpg --homedir \"$1/genuine\" --enarmor 2>/dev/null"
            let each = files.map { "gpg --homedir \"$1/genuine\" --enarmor <\($0) 2>/dev/null" }.joined(separator: "; ")
            let script = "{ \(inOneBlock ? one : each); } | sed 's/ARMORED FILE/PUBLIC KEY BLOCK/'"
            return try await LocalProgram.run("sh", ["-c", script, "sh", folder.path])
        }
    }

    private func withKeys(_ body: (Keys) async throws -> Void) async throws {
        try await TemporaryFolder.during { folder in
            let script = """
                set -e; cd "$1"
                for name in genuine other; do
                  mkdir -m 700 $name
                  gpg --homedir "$PWD/$name" --batch --quiet --passphrase '' --quick-generate-key "$name \
                <$name@example>" ed25519 sign never
                  gpg --homedir "$PWD/$name" --export >$name.gpg
                  gpg --homedir "$PWD/$name" --with-colons --list-keys | sed -n 's/^fpr:*//p' | head -n 1 | tr -d :
                  gpgconf --homedir "$PWD/$name" --kill all
                done 2>/dev/null
                mkdir homes keyrings
                """
            let lines = try await LocalProgram.run("sh", ["-c", script, "sh", folder.path]).split(separator: "\n").map(
                String.init)
            try #require(lines.count == 2)
            try await body(Keys(folder: folder, genuine: lines[0], other: lines[1]))
        }
    }

    /// What comes of the key that an address gives.
    private func fetch(_ served: String, _ keys: Keys, pin: String, shell: String) async throws -> String {
        try keys.folder.write("served.asc", served)
        let script = AptRepository.fetch(homesIn: keys.folder.path("homes")).replacing("--proto =http,https", with: "")
        let words = [
            Word("sh"), "-c", Word(script), "sh", Word("file://" + keys.folder.path("served.asc")), Word(pin),
        ]
        let output = try await LocalTransport(shell: shell).run(Command(words))
        #expect(output.isSuccess, "\(output.errorText)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: keys.folder.path("homes")) == [], "gpg's home is gone")
        return output.text
    }

    private func fingerprints(_ keys: Keys, _ shell: String, of path: String) async throws -> String {
        let script = AptRepository.home(in: keys.folder.path("homes")) + "\nfingerprints \(path)"
        return try await LocalTransport(shell: shell).run(Command("sh", "-c", Word(script))).text
    }

    @Test(
        "alone gets into the file that apt believes, whatever else the address gives", arguments: Shell.all,
        [false, true])
    func fetched(shell: String, inOneBlock: Bool) async throws {
        try await withKeys { keys in
            for names in [["genuine"], ["genuine", "other"], ["other", "genuine"]] {
                let served =
                    names.count == 1
                    ? try await keys.armoured(names[0], inOneBlock: inOneBlock)
                    : try await keys.armoured(names[0], names[1], inOneBlock: inOneBlock)
                let key = try await fetch(served, keys, pin: keys.genuine, shell: shell)
                #expect(key.hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"))
                let path = try keys.folder.write("keyrings/docker.asc", key)
                #expect(try await fingerprints(keys, shell, of: path) == keys.genuine)
            }
        }
    }

    @Test("of another fingerprint, or none, is said, and no key comes of it", arguments: Shell.all)
    func refused(shell: String) async throws {
        try await withKeys { keys in
            let other = try await keys.armoured("other")
            let first = try await fetch(other, keys, pin: keys.genuine, shell: shell)
            #expect(first == "its fingerprint is \(keys.other)\n")
            let second = try await fetch("<html>a captive portal</html>", keys, pin: keys.genuine, shell: shell)
            #expect(second == "its fingerprint is none\n")
        }
    }

    @Test(
        "is looked at with every key that is in its file, wherever it stands there", arguments: Shell.all,
        [false, true])
    func counted(shell: String, inOneBlock: Bool) async throws {
        try await withKeys { keys in
            let path = keys.folder.path("k.asc")
            try keys.folder.write("k.asc", try await keys.armoured("genuine", "other", inOneBlock: inOneBlock))
            #expect(try await fingerprints(keys, shell, of: path) == "\(keys.genuine)+\(keys.other)")
            try keys.folder.write("k.asc", try await keys.armoured("genuine"))
            #expect(try await fingerprints(keys, shell, of: path) == keys.genuine)
        }
    }

    /// A home that others can write to lets any user break the look for ever, and a look that makes files there is no
    /// look.
    @Test(
        "is looked at in a home of gpg's own, which is gone afterwards, also when the look is ended",
        arguments: Shell.all)
    func home(shell: String) async throws {
        #expect(AptRepository.home().contains("mktemp -d -p /run "))
        try await TemporaryFolder.during { folder in
            let script =
                AptRepository.home(in: folder.path)
                + "\nls \"$home\"; stat -c %a \"$home\"; kill -TERM $$; echo not reached"
            let output = try await LocalTransport(shell: shell).run(Command("sh", "-c", Word(script)))
            #expect(output.exit == .code(143))
            #expect(output.text == "700\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }
}
