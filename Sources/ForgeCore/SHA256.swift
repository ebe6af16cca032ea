internal import CLibCrypto

/// Digests as `sha256sum` prints them: 64 lower-case hexadecimal digits.
///
/// From OpenSSL's libcrypto, which libssh brings along anyway: swift-crypto would add two minutes to every first build.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer

    package init() {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Of all the bytes at once.
    package static func hex(_ bytes: [UInt8]) -> String {
        let sum = SHA256()
        sum.update(bytes)
        return sum.finish()
    }

    /// Of the text in UTF-8.
    package static func hex(_ text: String) -> String { hex(Array(text.utf8)) }

    /// Takes the next bytes in; how they are cut into pieces does not matter.
    package func update(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// The digest of everything so far: 64 lower-case hexadecimal digits.
    package consuming func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
