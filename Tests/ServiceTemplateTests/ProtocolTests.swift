import Foundation
import Testing

@Suite("Clients of the Open Inference Protocol", .served(over: Training.small))
struct ProtocolTests {
    let service: RunningService

    init() throws { service = try #require(Served.here).service }

    @Test("get answers: Triton's own, with one tensor and with one for each column")
    func triton() async throws {
        let script = """
            import sys, numpy, tritonclient.http as triton
            client = triton.InferenceServerClient(sys.argv[1])
            print(client.is_server_live(), client.is_server_ready(), client.is_model_ready("lda"), \
            client.is_model_ready("other"))
            about = client.get_model_metadata("mlp"); print([(one["name"], one["datatype"]) for one in \
            about["inputs"]], [one["name"] for one in about["outputs"]])
            def tensor(name, values, kind="FP64"):
                one = triton.InferInput(name, list(values.shape), kind); one.set_data_from_numpy(values, \
            binary_data=False); return one
            output = [triton.InferRequestedOutput("predict", binary_data=False)]
            rows = numpy.array([[10.0, 1.0], [1.0, 10.0], [-10.0, -8.0]])
            for inputs in ([tensor("rows", rows)], [tensor("y", rows[:, 1]), tensor("x", rows[:, 0])], [tensor("rows", \
            rows.astype("float32"), "FP32")]):
                answer = client.infer("mlp", inputs, outputs=output, request_id="7", model_version=about["versions"][0])
                print(answer.as_numpy("predict"), answer.get_response()["id"], answer.get_response()["model_name"])
            print(client.infer("lda", [tensor("rows", rows)]).as_numpy("predict"))
            def refused(*inputs, **more):
                try: client.infer("lda", list(inputs), **more)
                except triton.InferenceServerException as error: print(error.status(), error.message())
            refused(tensor("rows", rows[:, :1])); refused(tensor("x", rows[:, 0])); refused(tensor("x", rows[:, 0]), \
            tensor("z", rows[:, 1]))
            refused(tensor("rows", rows), outputs=[triton.InferRequestedOutput("other", binary_data=False)])
            refused(tensor("rows", rows), model_version="1")
            binary = triton.InferInput("rows", [3, 2], "FP64"); binary.set_data_from_numpy(rows); refused(binary)
            """
        let said = try await Python.clients.value.answer(script, [String(service.address.dropFirst("http://".count))])
        let version = try #require(said.firstMatch(of: /of lda; its version is (.+)/)).1
        #expect(
            said == """
                True True True False
                [('x', 'FP64'), ('y', 'FP64')] ['predict', 'predict_proba']
                [0 1 2] 7 mlp
                [0 1 2] 7 mlp
                [0 1 2] 7 mlp
                [0 1 2]
                400 inputs[0] has 1 columns, the models need 2
                400 inputs has no tensor 'y'
                400 inputs[1]: there is no column 'z'; the columns are: x, y
                400 unknown output 'other'; available: predict, predict_proba
                404 there is no version '1' of lda; its version is \(version)
                400 binary tensors are not supported: send them as JSON (binary_data=False)

                """)
    }
}
