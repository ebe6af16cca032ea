import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@Suite("A certificate in PEM")
struct CertificateFileTests {
    private func bytes(_ name: String, _ directory: TemporaryDirectory) throws -> [UInt8] {
        Array(try directory.text(name).utf8)
    }

    @Test("tells when it is valid, and its public key as curl pins it", arguments: ["ec", "rsa"])
    func read(kind: String) async throws {
        try await TemporaryDirectory.during { directory in
            try TestCertificate.write("own", kind: kind, in: directory)
            let file = try #require(CertificateFile(pem: bytes("own.crt", directory)))
            let told = "date -d \"$(openssl x509 -in \"$1\" -noout -startdate | cut -d = -f 2)\" +%s"
            let begin = try FinishedProgram.run(["sh", "-c", told, "sh", directory.path("own.crt")])
            #expect("\(file.begins)\n" == String(decoding: begin.output, as: UTF8.self))
            #expect(file.ends - file.begins == 30 * 86_400)
            // As curl's own documentation makes it.
            let made = """
                openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary \
                | openssl enc -base64 -A
                """
            let pin = try FinishedProgram.run(["sh", "-c", made, "sh", directory.path("own.crt")])
            #expect(file.pins == [String(decoding: pin.output, as: UTF8.self)])
        }
    }

    @Test("may stand before those of its authority, and knows its key among them")
    func chain() async throws {
        try await TemporaryDirectory.during { directory in
            for name in ["own", "authority", "other"] { try TestCertificate.write(name, in: directory) }
            let chain = try bytes("own.crt", directory) + bytes("authority.crt", directory)
            #expect(CertificateFile(pem: chain)?.pins.count == 2)
            let alone = CertificateFile(pem: try bytes("own.crt", directory))
            #expect(CertificateFile(pem: chain)?.pins.first == alone?.pins.first)
            // Its own time is what counts, and not that of its authority.
            let made = try FinishedProgram.run([
                "openssl", "req", "-new", "-x509", "-key", directory.path("own.key"), "-days", "10", "-subj", "/CN=own",
            ])
            let short = try #require(CertificateFile(pem: made.output + bytes("authority.crt", directory)))
            #expect(short.ends - short.begins == 10 * 86_400)
            let long = try #require(CertificateFile(pem: bytes("authority.crt", directory) + made.output))
            #expect(long.ends - long.begins == 30 * 86_400)
            #expect(CertificateFile.place(ofKey: try bytes("own.key", directory), in: chain) == 0)
            #expect(CertificateFile.place(ofKey: try bytes("authority.key", directory), in: chain) == 1)
            #expect(CertificateFile.place(ofKey: try bytes("other.key", directory), in: chain) == nil)
        }
    }

    @Test("is none where the bytes are others, and a key with a passphrase is not asked for it")
    func none() async throws {
        try await TemporaryDirectory.during { directory in
            try TestCertificate.write("own", in: directory)
            let key = try bytes("own.key", directory)
            #expect(CertificateFile(pem: []) == nil)
            #expect(CertificateFile(pem: key) == nil)
            let text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            #expect(CertificateFile(pem: Array(text.utf8)) == nil)
            #expect(CertificateFile.isPrivateKey(key))
            #expect(!CertificateFile.isPrivateKey(try bytes("own.crt", directory)))
            let locked = try FinishedProgram.run([
                "openssl", "pkey", "-in", directory.path("own.key"), "-aes256", "-passout", "pass:word",
            ])
            #expect(String(decoding: locked.output, as: UTF8.self).contains("ENCRYPTED"))
            #expect(!CertificateFile.isPrivateKey(locked.output))
        }
    }
}
