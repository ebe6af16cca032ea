import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeKubernetes

@Suite("Certificates of the cluster")
struct CertificatesTests {
    private static let day = 86_400
    /// 2026-11-26.
    private static let now = 1_795_651_200
    private static let renew = "kubeforge provision --renew-certificates inventory/lab.yaml"

    private func answers(_ certificates: (path: String, days: Int, age: Int)...) -> Answers {
        let lines = certificates.map {
            "end \(Self.now + $0.days * Self.day) 2027-01-0\($0.days % 9 + 1) \(Self.now - $0.age) \($0.path)"
        }
        return Answers([
            .command(Certificates.look): .command(
                CommandState(text: (["now \(Self.now) 2026-11-26"] + lines).joined(separator: "\n")))
        ])
    }

    private let last = CertificatesLast(cluster: Example.cluster())

    @Test("are read with their ends, as openssl and the machine's clock tell them; others in the directory are not")
    func look() async throws {
        try await PlayedMachine.during { played in
            for path in [
                "etc/kubernetes/pki/apiserver.crt", "etc/kubernetes/pki/etcd/ca.crt",
                "var/lib/kubelet/pki/kubelet-client-current.pem",
            ] {
                try played.write(path)
                try await Self.certificate(played.root.path(path), days: path.contains("etcd") ? 3650 : 30)
            }
            try await Self.certificate(played.root.path("etc/kubernetes/pki/somebody.crt"), days: 1)
            let admin = Data(try played.root.text("etc/kubernetes/pki/apiserver.crt").utf8).base64EncodedString()
            try played.write(
                "etc/kubernetes/admin.conf", "users:\n- name: a\n  user:\n    client-certificate-data: \(admin)\n")
            try played.write("etc/kubernetes/pki/apiserver-kubelet-client.crt", "broken")
            let found = Certificates(
                try await LocalProgram.run("sh", ["-c", Certificates.look(below: played.root.path)]))
            #expect(
                found.all.map(\.path) == [
                    "/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/pki/etcd/ca.crt",
                    "/etc/kubernetes/admin.conf",
                    "/var/lib/kubelet/pki/kubelet-client-current.pem",
                ])
            #expect(found.all.map { found.days(until: $0) }.map { $0 == 29 || $0 == 30 } == [true, false, true, true])
            #expect(abs(found.now - Int(Date().timeIntervalSince1970)) < 3600)
            #expect(
                found.all.allSatisfy {
                    $0.day.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil && abs($0.written - found.now) < 3600
                })
            #expect(found.old.isEmpty, "they are of today")
        }
    }

    @Test("are none on a bare machine")
    func bare() async throws {
        try await TemporaryDirectory.during { directory in
            let said = try await LocalProgram.run("sh", ["-c", Certificates.look(below: directory.path)])
            #expect(said == "")
        }
    }

    /// A kubeadm with certificateValidityPeriod makes some that end after 2100.
    @Test(
        "are subtracted from any clock that a machine may have",
        arguments: [Int.min, .max, -1, 0, 1_795_651_200], [Int.min, .max, -1, 0, 7_951_651_200])
    func bounds(now: Int, end: Int) {
        let text = "now \(now) 2026-11-26\nend \(end) 2222-01-01 \(end) /etc/kubernetes/pki/apiserver.crt"
        let answers = Answers([.command(Certificates.look): .command(CommandState(text: text))])
        _ = last.differences(given: answers)
        _ = last.notes(given: answers, on: Example.master)
        let certificates = Certificates(text)
        _ = certificates.old
        #expect(certificates.all.map(\.end) == ([.min, .max].contains(end) ? [] : [end]))
        #expect(certificates.now == ([.min, .max].contains(now) ? 0 : now))
    }

    @Test("end to the second, and are counted in whole days")
    func seconds() {
        func one(_ seconds: Int) -> Certificates {
            Certificates(
                """
                now \(Self.now) 2026-11-26
                end \(Self.now + seconds) 2027-01-01 \(Self.now) /etc/kubernetes/pki/apiserver.crt
                """)
        }
        func days(_ seconds: Int) -> [Int] {
            let certificates = one(seconds)
            return certificates.all.map { certificates.days(until: $0) }
        }
        #expect(one(0).expired.count == 1 && one(1).expired.isEmpty)
        #expect(one(0).ending(within: 60).isEmpty && one(1).ending(within: 60).count == 1)
        #expect(one(5_184_000).ending(within: 60).count == 1 && one(5_184_001).ending(within: 60).isEmpty)
        #expect(days(86_399) == [0] && days(86_400) == [1])
    }

    @Test("are told from 60 days before their end on, the first of them by name")
    func ending() {
        func notes(_ days: Int...) -> [String] {
            let answers = answers(
                ("/etc/kubernetes/pki/apiserver.crt", days[0], 0), ("/etc/kubernetes/admin.conf", days[1], 0))
            #expect(last.differences(given: answers) == [])
            return last.notes(given: answers, on: Example.master)
        }
        #expect(notes(61, 365) == [])
        #expect(
            notes(60, 365) == [
                "kubmaster: pki/apiserver.crt will expire in 60 days, on 2027-01-07: `\(Self.renew)` renews them"
            ])
        #expect(
            notes(9, 3) == [
                "kubmaster: admin.conf and 1 more will expire in 3 days, on 2027-01-04: `\(Self.renew)` renews them"
            ])
        #expect(
            notes(5, 5) == [
                """
                kubmaster: pki/apiserver.crt and 1 more will expire in 5 days, on 2027-01-06: `\(Self.renew)` renews \
                them
                """
            ])
        let authority = answers(("/etc/kubernetes/pki/ca.crt", 20, 0), (Certificates.kubelet, 5, 0))
        #expect(
            last.notes(given: authority, on: Example.master).map { $0.contains("manual-rotation-of-ca-certificates") }
                == [true])
    }

    @Test("that have expired are told exactly, and nothing else is done to the cluster")
    func expired() {
        let answers = answers(
            ("/etc/kubernetes/pki/apiserver.crt", -3, 0), ("/etc/kubernetes/pki/etcd/server.crt", 1, 0))
        let found = last.differences(given: answers)
        #expect(
            found.map(\.text).map {
                $0.hasPrefix("pki/apiserver.crt expired on ")
                    && $0.hasSuffix("; the machine's clock says 2026-11-26")
            } == [true])
        let problem = last.refusal(of: found, on: Example.master)
        #expect(problem?.what == "kubmaster: certificates of the cluster have expired")
        #expect(problem?.fix == "`\(Self.renew)` renews them; if the clock is wrong: `timedatectl` on kubmaster")
    }

    @Test("of a kubelet that have expired have a cure of their own, which is needed before the control plane's")
    func kubelets() {
        let off = "a kubelet renews its own certificate only while it runs, and this one was off for too long: "
        let worker = last.refusal(of: last.differences(given: answers((Certificates.kubelet, -1, 0))), on: Example.node)
        #expect(worker?.why?.hasPrefix("/var/lib/kubelet/pki/kubelet-client-current.pem expired on ") == true)
        #expect(
            worker?.fix == off + """
                `sudo sh -c 'systemctl stop kubelet && cd /etc/kubernetes && mv kubelet.conf kubelet.conf.before && mv \
                pki pki.before'` on kubnode, and run again: it gets another one, and its pods stay; if the clock is \
                wrong: `timedatectl` on kubnode
                """)
        let master = last.refusal(
            of: last.differences(
                given: answers((Certificates.kubelet, -1, 0), ("/etc/kubernetes/pki/apiserver.crt", -3, 0))),
            on: Example.master)
        #expect(
            master?.fix == off + """
                `sudo sh -c 'cd /etc/kubernetes && mv kubelet.conf kubelet.conf.before && mv /var/lib/kubelet/pki \
                /var/lib/kubelet/pki.before && kubeadm init phase kubeconfig kubelet --config \
                /var/lib/kubeforge/kubeadm-init.yaml && systemctl restart kubelet && sleep 10 && kubeadm init phase \
                kubelet-finalize all --config /var/lib/kubeforge/kubeadm-init.yaml'` on kubmaster gives it another \
                one; \
                `\(Self.renew)` renews them; if the clock is wrong: `timedatectl` on kubmaster
                """)
    }

    /// As kubelets of 1.20 and of 1.30 wrote it, and as newer ones do.
    static let journals = [
        (
            """
            E0118 17:33:58.888700 1457370 bootstrap.go:265] part of the existing bootstrap client certificate is \
            expired: 2020-12-06 18:55:55 +0000 UTC
            F0118 17:33:58.888743 1457370 server.go:271] failed to run Kubelet: unable to load bootstrap kubeconfig: \
            stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory
            """, "part of the existing bootstrap client certificate is expired: 2020-12-06 18:55:55 +0000 UTC"
        ),
        (
            """
            I0612 08:55:47.622036  261533 server.go:932] "Client rotation is on, will bootstrap in background"
            E0612 08:55:47.623225  261533 bootstrap.go:266] part of the existing bootstrap client certificate in \
            /etc/kubernetes/kubelet.conf is expired: 2026-04-18 14:08:56 +0000 UTC
            E0612 08:55:47.623270  261533 run.go:74] "command failed" err="failed to run Kubelet: unable to load \
            bootstrap kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory"
            kubelet.service: Main process exited, code=exited, status=1/FAILURE
            """,
            """
            part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2026-04-18 \
            14:08:56 +0000 UTC
            """
        ),
        (
            """
            E0411 21:01:46.000000   89874 bootstrap.go:241] "Unhandled Error" err="part of the existing bootstrap \
            client certificate in /etc/kubernetes/kubelet.conf is expired: 2026-02-18 22:10:15 +0000 UTC"
            """,
            """
            part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2026-02-18 \
            22:10:15 +0000 UTC
            """
        ),
    ]

    @Test("of a kubelet are known to have expired by its own words", arguments: journals)
    func kubeletSays(journal: String, words: String) { #expect(Certificates.expiry(kubeletSays: journal) == words) }

    @Test("of a kubelet are not taken for expired where it says something else")
    func kubeletSaysOther() {
        let other = """
            E0612 08:55:47.623225  261533 bootstrap.go:266] unable to read existing bootstrap client config from \
            /etc/kubernetes/kubelet.conf: invalid configuration
            E0612 08:55:47.623270  261533 run.go:74] "command failed" err="failed to run Kubelet: unable to load \
            bootstrap kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory"
            Unable to register node with API server: x509: certificate has expired or is not yet valid
            """
        #expect(Certificates.expiry(kubeletSays: other) == nil)
        #expect(Certificates.expiry(kubeletSays: "-- No entries --") == nil)
    }

    @Test("that have expired are no obstacle to a run that renews them, but for those that it does not make")
    func renewing() {
        let step = CertificatesLast(cluster: Example.cluster(), isRenewing: true)
        let answers = answers(
            ("/etc/kubernetes/pki/apiserver.crt", -3, 0), ("/etc/kubernetes/pki/etcd/ca.crt", -3, 0),
            (Certificates.kubelet, -3, 0))
        #expect(
            step.differences(given: answers).map { $0.text.prefix { $0 != " " } } == [
                "pki/etcd/ca.crt", Certificates.kubelet[...],
            ])
    }

    @Test("are looked at on every machine, before anything is changed, and are not renewed unasked")
    func planned() throws {
        let plan = try Example.plan(Example.cluster())
        #expect(plan.stages[0].work.allSatisfy { $0.steps.contains { $0 is CertificatesLast } })
        #expect(!plan.stages.flatMap(\.work).flatMap(\.steps).contains { $0 is CertificatesAreRenewed })
        let renewing = try ClusterPlan(
            cluster: Example.cluster(), facts: ["kubmaster": Example.facts("1"), "kubnode": Example.facts("2")],
            templates: Example.templates, operatorKubeconfig: "/home/me/.kube/config", renewsCertificates: true
        ).make()
        func isRenewing(_ plan: Plan) -> Set<Bool> {
            Set(plan.stages.flatMap(\.work).flatMap(\.steps).compactMap { ($0 as? CertificatesLast)?.isRenewing })
        }
        #expect(isRenewing(plan) == [false])
        #expect(isRenewing(renewing) == [true])
        let steps = renewing.stages.flatMap { $0.steps(for: "kubmaster") }
        let renewal = try #require(steps.firstIndex { $0 is CertificatesAreRenewed })
        let answering = try #require(steps.firstIndex { $0 is ControlPlane })
        let copies = try #require(steps.firstIndex { $0 is OperatorKubeconfig })
        #expect(renewal < answering && answering < copies)
        #expect(!renewing.stages.flatMap { $0.steps(for: "kubnode") }.contains { $0 is CertificatesAreRenewed })
    }

    static func certificate(_ path: String, days: Int) async throws {
        try await LocalProgram.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                "/dev/null", "-subj", "/CN=x",
                "-days", "\(days)", "-out", path,
            ])
    }
}
