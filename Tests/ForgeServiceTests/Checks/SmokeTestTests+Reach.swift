import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Testing

@testable import ForgeService

/// Where it asks from, and what it says where there is nobody, or nothing to compare with.
extension SmokeTestTests {
    @Test("counts what this computer sees at the node ports, and a firewall as no fault of the service")
    func fromHere() async throws {
        let notes = Notes()
        let here = ScriptedTransport { command in
            let places = command.inputText.matches(of: /(?m)^ask .*http:\/\/([0-9.]+):/).map { String($0.1) }
            return Output(
                places.map {
                    framed($0 == "10.77.0.11" ? Small.answer("/prediction/23") : (0, "curl: (28) Connection timed out"))
                }.joined()
            )
        }
        let result = try await test.run(controlPlane: controlPlane(), here: here, reporter: notes)
        #expect(result.isPassed)
        #expect(
            result.checks.map(\.name).suffix(2) == [
                "/prediction/23 at kubmaster:31000 from this computer", "training-serving skew",
            ])
        #expect(notes.all.last == "not reached from this computer: http://10.77.0.12:31000 (a firewall between them?)")
    }

    @Test("goes from this computer to where SSH goes, and from the control plane to the machines' own addresses")
    func fromOutside() async throws {
        let notes = Notes()
        var cluster = Example.cluster()
        for index in cluster.hosts.indices { cluster.hosts[index].access.address = "203.0.113.\(index + 11)" }
        let here = ScriptedTransport { command in
            Output(
                command.inputText.matches(of: #/(?m)^ask /#).map { _ in framed((0, "curl: (28) timed out")) }.joined())
        }
        let host = controlPlane()
        let result = try await SmokeTest(cluster: cluster).run(controlPlane: host, here: here, reporter: notes)
        #expect(result.isPassed)
        #expect(
            notes.all.last?.hasPrefix(
                "not reached from this computer: http://203.0.113.11:31000, http://203.0.113.12:31000") == true)
        #expect(await !host.commands.contains { $0.inputText.contains("203.0.113.") })
    }

    @Test("does not ask a pod that is not ready, and says so")
    func silentPod() async throws {
        let notes = Notes()
        let pods =
            #"""
            {"items":[\#(Small.pod("inference-a", "10.244.0.5")),\#
            \#(Small.pod("inference-b", "10.244.1.7", ready: "False"))]}
            """#
        let result = try await test.run(controlPlane: controlPlane(pods: pods), reporter: notes)
        #expect(result.isPassed)
        #expect(!result.checks.contains { $0.name.contains("inference-b") })
        #expect(notes.all.last == "skipped, not ready: inference-b is not ready")
    }

    @Test("asks at the first port of the service, and at that of each pod's first container")
    func firstPorts() async throws {
        let exposure = Small.exposure.replacing(
            #""nodePort":31000}"#, with: #""nodePort":31000},{"port":9090,"nodePort":31999}"#)
        let pods = Small.pods.replacing(
            #""containerPort":8080}]}"#,
            with: #""containerPort":8080},{"containerPort":9090}]},{"image":"p","ports":[{"containerPort":15090}]}"#)
        let host = controlPlane(pods: pods, exposure: exposure)
        let result = try await SmokeTest(cluster: Example.cluster(), rows: 1).run(
            controlPlane: host, reporter: Silence())
        #expect(result.isPassed)
        let addresses = Set(asked(in: try #require(await host.commands.last).inputText).map(\.address))
        #expect(
            addresses == [
                "10.96.1.2:80", "10.77.0.11:31000", "10.77.0.12:31000", "10.244.0.5:8080", "10.244.1.7:8080",
            ])
    }

    @Test("leaves out pods that are leaving or have ended, and says where one names no port")
    func otherPods() {
        let pods = [
            Small.pod("a", "10.244.0.5"),
            Small.pod("b", "10.244.0.6").replacing(
                #""name":"b""#, with: #""name":"b","deletionTimestamp":"2026-11-21T15:00:00Z""#),
            Small.pod("c", "10.244.0.7").replacing("Running", with: "Failed"),
            Small.pod("d", "10.244.0.8").replacing(#"{"containerPort":8080}"#, with: ""),
        ]
        let found = ServicePod.list("{\"items\":[\(pods.joined(separator: ","))]}")
        #expect(found.pods.map(\.name) == ["a"])
        #expect(found.silent == ["d names no port"])
    }

    @Test("asks pods row by row where the rows of the test are gone, and says so")
    func withoutRows() async throws {
        let (notes, host) = (Notes(), controlPlane(hasRows: false))
        let result = try await SmokeTest(cluster: Example.cluster(), rows: 1).run(controlPlane: host, reporter: notes)
        #expect(result.isPassed)
        #expect(result.checks.map(\.name).filter { $0.hasSuffix("at pod inference-b") }.count == 2)
        #expect(
            notes.all.last
                == """
                features are neither compared nor sent: /var/lib/kubeforge/releases/0123456789abcdef/rows.jsonl is \
                missing (`kubeforge deploy` puts it there)
                """)
    }

    @Test("says what to do when there are no expected answers")
    func withoutGolden() async throws {
        let error = await #expect(throws: Problem.self) {
            try await test.run(controlPlane: controlPlane(golden: CommandState(exitCode: 1)), reporter: Silence())
        }
        #expect(
            error?.description == """
                kubmaster: there are no expected answers for 10.77.0.11:5443/mlops/inference:0123456789abcdef
                  why  /var/lib/kubeforge/releases/0123456789abcdef/golden.json is missing
                  fix  run `kubeforge deploy`: it saves the expected answers of each release there
                """)
    }

    @Test("tells a cluster that is down from one without the service")
    func withoutAPI() async throws {
        let refused =
            "The connection to the server 10.77.0.11:6443 was refused - did you specify the right host or port?"
        let error = await #expect(throws: Problem.self) {
            try await test.run(
                controlPlane: controlPlane(deployment: CommandState(exitCode: 1, text: refused)), reporter: Silence())
        }
        #expect(error?.what == "kubmaster: the cluster's API does not answer")
        #expect(error?.why == refused)
    }

    @Test("says what to do when nothing is deployed")
    func withoutService() async throws {
        let error = await #expect(throws: Problem.self) {
            try await test.run(controlPlane: controlPlane(deployment: CommandState()), reporter: Silence())
        }
        #expect(
            error?.description == """
                kubmaster: the cluster has no service inference in namespace mlops
                  fix  deploy it first: `kubeforge deploy`
                """)
    }
}
