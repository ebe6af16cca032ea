/// The fingerprint of an OpenPGP key, and the digest of a file.
enum FingerprintRule {
    /// 40 hexadecimal digits, upper case; spaces between them are left out.
    static func fingerprint(_ text: String) throws(ValidationError) -> String {
        let digits = text.filter { $0 != " " }.uppercased()
        guard digits.utf8.count == 40, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw ValidationError(
                "needs the 40 hexadecimal digits of the key's fingerprint", fix: "gpg --show-keys KEYFILE prints it")
        }
        return digits
    }

    /// 64 hexadecimal digits, lower case.
    static func sha256(_ text: String) throws(ValidationError) -> String {
        let digits = text.lowercased()
        guard digits.utf8.count == 64, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw ValidationError(
                "needs the 64 hexadecimal digits of the file's sha256", fix: "sha256sum FILE prints it")
        }
        return digits
    }
}
