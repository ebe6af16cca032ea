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

    /// The digest of all the bytes.
    package static func hex(_ bytes: [UInt8]) -> String {
        let sum = SHA256()
        sum.update(bytes)
        return sum.finish()
    }

    /// The digest of the text in UTF-8.
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

/// Base64 as RFC 4648 has it, padded, on one line.
package enum Base64 {
    /// Bytes as `base64 -d` reads them.
    static func text(_ bytes: [UInt8]) -> String {
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }

    /// The bytes; nil for a text that holds anything else.
    package static func decoded(_ text: String) -> [UInt8]? {
        var (bytes, buffer, bits, padding): ([UInt8], UInt32, Int, Int) = ([], 0, 0, 0)
        guard text.utf8.count.isMultiple(of: 4) else { return nil }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(byte) else { return nil }
            buffer = buffer << 6 & 0xFFFF | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return padding <= 2 ? bytes : nil
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
