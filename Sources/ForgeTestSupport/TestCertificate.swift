/// A certificate that signs itself and its key, as the host's openssl makes them: files of a test.
package enum TestCertificate {
    /// Writes `NAME.crt` and `NAME.key`, valid from now on for thirty days. `kind`: `ec` or `rsa`.
    package static func write(_ name: String, kind: String = "ec", in directory: TemporaryDirectory) throws {
        let key = kind == "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] : ["rsa:2048"]
        let program = try FinishedProgram.run(
            ["openssl", "req", "-x509", "-newkey"] + key + [
                "-nodes", "-days", "30", "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", directory.path("\(name).key"), "-out", directory.path("\(name).crt"),
            ], isMerged: true)
        guard program.status == 0 else { throw Failure(said: String(decoding: program.output, as: UTF8.self)) }
    }

    /// What openssl said instead.
    struct Failure: Error { let said: String }
}
