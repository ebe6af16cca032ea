import ForgeCore
import Testing

/// The examples of FIPS 180-4.
@Suite("A SHA-256 digest")
struct SHA256Tests {
    private static let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

    @Test(
        "is what the standard says",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 1_000_000), million),
        ])
    func isRight(text: String, digest: String) { #expect(SHA256.hex(text) == digest) }

    @Test("is the same in pieces")
    func isSameInPieces() {
        let sum = SHA256()
        for _ in 0..<1000 { sum.update([UInt8](repeating: UInt8(ascii: "a"), count: 1000)) }
        #expect(sum.finish() == Self.million)
    }

    @Test("is what sha256sum prints")
    func isSameAsProgram() throws {
        let bytes = (0...255).map { UInt8($0) }
        #expect(try LocalShell.run(Command("sha256sum").reading(.bytes(bytes))).text == "\(SHA256.hex(bytes))  -\n")
    }
}
