internal import CLibCrypto
import Glibc

/// A file of certificates in PEM: a server's own, and those between it and its authority.
package struct CertificateFile: Sendable, Hashable {
    /// When the first certificate, the server's own, begins and ends to be valid, in seconds since 1970.
    package let begins, ends: Int
    /// For each certificate, the server's own first, the sha256 of its public key in base64, as curl pins it.
    package let pins: [String]

    /// nil for bytes that hold none, or one that cannot be read.
    package init?(pem: [UInt8]) {
        let certificates = PEM.certificates(pem)
        defer { for certificate in certificates { X509_free(certificate) } }
        let pins = certificates.compactMap(PEM.pin)
        guard let first = certificates.first, pins.count == certificates.count,
            let begins = PEM.seconds(X509_get0_notBefore(first)), let ends = PEM.seconds(X509_get0_notAfter(first))
        else { return nil }
        (self.begins, self.ends, self.pins) = (begins, ends, pins)
    }

    /// The place in the file of the certificate that a private key in PEM belongs to; nil for another's key.
    package static func place(ofKey key: [UInt8], in pem: [UInt8]) -> Int? {
        guard let own = PEM.privateKey(key) else { return nil }
        defer { EVP_PKEY_free(own) }
        let certificates = PEM.certificates(pem)
        defer {
            for certificate in certificates { X509_free(certificate) }
            ERR_clear_error()
        }
        return certificates.firstIndex { X509_check_private_key($0, own) == 1 }
    }

    /// Whether bytes hold a private key in PEM that needs no passphrase.
    package static func isPrivateKey(_ pem: [UInt8]) -> Bool {
        guard let key = PEM.privateKey(pem) else { return false }
        EVP_PKEY_free(key)
        return true
    }
}

/// What libcrypto reads; whoever gets a pointer frees it.
private enum PEM {
    static func certificates(_ pem: [UInt8]) -> [OpaquePointer] {
        reading(pem) { bio in
            var found: [OpaquePointer] = []
            while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(certificate) }
            return found
        }
    }

    static func privateKey(_ pem: [UInt8]) -> OpaquePointer? {
        // Without this empty passphrase it would ask for one in the terminal.
        var passphrase: [CChar] = [0]
        return reading(pem) { PEM_read_bio_PrivateKey($0, nil, nil, &passphrase) }
    }

    /// The pin of the certificate's public key.
    static func pin(_ certificate: OpaquePointer) -> String? {
        let key = X509_get_X509_PUBKEY(certificate)
        let count = Int(i2d_X509_PUBKEY(key, nil))
        guard count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBufferPointer { buffer in
            var place = buffer.baseAddress
            i2d_X509_PUBKEY(key, &place)
        }
        let hex = Array(SHA256.hex(bytes).utf8)
        let digest = stride(from: 0, to: hex.count, by: 2).compactMap { place in
            UInt8(String(decoding: hex[place..<place + 2], as: UTF8.self), radix: 16)
        }
        return Base64.text(digest)
    }

    /// Since 1970.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
        guard let time, let begin = ASN1_TIME_set(nil, 0) else { return nil }
        defer { ASN1_STRING_free(begin) }
        var (days, seconds) = (CInt(0), CInt(0))
        guard ASN1_TIME_diff(&days, &seconds, begin, time) == 1 else { return nil }
        return Int(days) * 86_400 + Int(seconds)
    }

    private static func reading<Result>(_ pem: [UInt8], _ read: (OpaquePointer) -> Result?) -> Result? {
        pem.withUnsafeBytes { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, CInt(clamping: bytes.count)) else { return nil }
            defer {
                BIO_free(bio)
                // The end of the bytes is an error to libcrypto.
                ERR_clear_error()
            }
            return read(bio)
        }
    }

    private static func reading(_ pem: [UInt8], _ read: (OpaquePointer) -> [OpaquePointer]) -> [OpaquePointer] {
        reading(pem) { Optional(read($0)) } ?? []
    }
}
