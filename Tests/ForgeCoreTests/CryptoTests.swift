import Testing

@testable import ForgeCore

/// The examples of FIPS 180-4.
@Suite("A SHA-256 digest")
struct SHA256Tests {
    private static let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

    @Test(
        "is what the standard says",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("d", "18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4"),
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

/// The examples of RFC 4648, and all that is none.
@Suite("Base64")
struct Base64Tests {
    private static let pairs = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("is written and read as the standard says", arguments: pairs)
    func example(text: String, base64: String) {
        let bytes = Array(text.utf8)
        #expect(Base64.text(bytes) == base64)
        #expect(Base64.decoded(base64) == bytes)
    }

    @Test("has a value for each of its 64 characters")
    func alphabet() {
        let bytes: [UInt8] = [
            0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30, 0xd3, 0x8f, 0x41, 0x14, 0x93, 0x51, 0x55, 0x97,
            0x61, 0x96, 0x9b, 0x71, 0xd7, 0x9f, 0x82, 0x18, 0xa3, 0x92, 0x59, 0xa7, 0xa2, 0x9a, 0xab, 0xb2, 0xdb, 0xaf,
            0xc3, 0x1c, 0xb3, 0xd3, 0x5d, 0xb7, 0xe3, 0x9e, 0xbb, 0xf3, 0xdf, 0xbf,
        ]
        let text = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        #expect(Base64.decoded(text) == bytes)
        #expect(Base64.text(bytes) == text)
    }

    @Test(
        "is nothing else",
        arguments: [
            "Zg", "Zg=", "Zm9", "Zm9vY", "Z===", "====", "Zg==Zg==", "Zg=a", "=Zg=", "Zm9v\n", "Zm 9", "Zm-_", "Zm8é",
        ])
    func none(text: String) { #expect(Base64.decoded(text) == nil) }
}
