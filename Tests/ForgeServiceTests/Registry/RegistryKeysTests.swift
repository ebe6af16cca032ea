import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The registry's keys")
struct RegistryKeysTests {
    @Test("are made on the machine, read by root alone, and then so")
    func areMade() async throws {
        try await RegistryDirectory.during { directory in
            #expect(
                try directory.look() == "its password is missing, or its copies differ\nit has no certificate\n"
            )
            try directory.change()
            #expect(try directory.look() == "")
            for file in ["files/htpasswd", "files/tls.key", "login/password", "login/curl", "login/config.json"] {
                #expect(try directory.files.mode("registry/" + file) == 0o600, "\(file)")
            }
            #expect(try directory.files.mode("registry/login") == 0o700)
            let password = try directory.text("login/password").trimming(while: \.isNewline)
            #expect(password.wholeMatch(of: /[0-9a-f]{48}/) != nil)
            #expect(
                try directory.text("files/htpasswd").wholeMatch(of: /kubeforge:\$2b\$05\$[.\/A-Za-z0-9]{53}\n/) != nil)
            let auth = Data("kubeforge:\(password)".utf8).base64EncodedString()
            #expect(
                try directory.text("login/config.json") == #"{"auths":{"127.83.0.9:5443":{"auth":"\#(auth)"}}}"# + "\n")
            // Made again, nothing is another one.
            try directory.change()
            #expect(try directory.text("login/password") == password + "\n")
        }
    }

    @Test("are told line by line where something is wrong with them, and where they cannot be looked at")
    func differences() {
        let step = RegistryHasKeys(ClusterRegistry(address: Example.master.address), on: Example.master)
        #expect(step.differences(whenLookEnds: 0) == [])
        #expect(step.differences(whenLookEnds: 0, "one\ntwo\n") == ["one", "two"])
        #expect(step.differences(whenLookEnds: 1) == ["its files could not be inspected"])
        #expect(step.differences(whenLookEnds: 127) == ["its files could not be inspected"])
    }

    @Test("are certified by the cluster's authority, for this address and for a server only")
    func areCertified() async throws {
        try await RegistryDirectory.during { directory in
            try directory.change()
            let certificate = try LocalProgram(
                "openssl", "x509", "-noout", "-text", "-in", directory.files.path("registry/files/tls.crt")
            )
            .output
            #expect(certificate.contains("IP Address:127.83.0.9, DNS:kubmaster"))
            #expect(
                certificate.contains("TLS Web Server Authentication")
                    && !certificate.contains("TLS Web Client Authentication"))
            #expect(!certificate.contains("CA:TRUE"))
        }
    }

    @Test("are made anew when the address, the authority or the key is another one, or the end is near")
    func areRenewed() async throws {
        try await RegistryDirectory.during { directory in
            try directory.change()
            let password = try directory.text("login/password")
            let moved = RegistryDirectory(files: directory.files, address: "127.83.0.8")
            #expect(
                try moved.look()
                    == "its password is missing, or its copies differ\nits certificate is not for 127.83.0.8\n")
            try moved.change()
            #expect(try moved.look() == "")
            #expect(try moved.text("login/password") == password)

            try directory.files.write("registry/files/tls.key", "")
            #expect(try moved.look() == "its certificate is not that of its key\n")
            try moved.change()
            #expect(try moved.look() == "")

            try directory.newAuthority()
            #expect(try moved.look() == "its certificate is not one of the cluster's authority, or has ended\n")
            try moved.change()
            #expect(try moved.look() == "")

            try directory.certifyFor(days: 30)
            #expect(try moved.look() == "its certificate ends within 90 days\n")
            try moved.change()
            #expect(try moved.look() == "")
        }
    }

    @Test("are put right when one file holds another password")
    func arePutRight() async throws {
        try await RegistryDirectory.during { directory in
            try directory.change()
            for file in ["files/htpasswd", "login/curl", "login/config.json", "login/password"] {
                try directory.files.write("registry/" + file, "kubeforge:something\n")
                #expect(try directory.look() == "its password is missing, or its copies differ\n", "\(file)")
                try directory.change()
                #expect(try directory.look() == "", "\(file)")
            }
        }
    }

    @Test("cannot be made without the authority's key, and nothing half is left")
    func withoutAuthority() async throws {
        try await RegistryDirectory.during { directory in
            try FileManager.default.removeItem(atPath: directory.files.path("pki/ca.key"))
            #expect(throws: Problem.self) { try directory.change() }
            #expect(try directory.look().hasSuffix("it has no certificate\n"))
            let left = try FileManager.default.subpathsOfDirectory(atPath: directory.files.path("registry"))
            #expect(left.filter { $0.hasSuffix(".new") } == [])
        }
    }
}
