import ForgeInventory
import ForgePlan
import Testing

@testable import ForgeCLI
@testable import ForgeService

@Suite("The list of schedules")
struct ScheduleTableTests {
    @Test("says where predictions are found; nothing where they end with the pod")
    func predictions() throws {
        func schedule(_ name: String, _ variables: String, _ volumes: String) -> String {
            #"""
            {"kind":"CronJob","metadata":{"name":"\#(name)"},"spec":{"schedule":"0 2 * * *","jobTemplate":{"spec":{\#
            "template":{"spec":{"containers":[{"image":"r/inference:0123456789abcdef"\#(variables)}]\#(volumes)}}}}}}
            """#
        }
        let variables = #"""
            ,"env":[{"name":"MODEL_STORE","value":"sftp://models@store/srv"},{"name":"PREDICTIONS_DIRECTORY",\#
            "value":"predictions/inference-batch-weekly"}]
            """#
        let volumes = #","volumes":[{"name":"predictions","secret":{"secretName":"inference-store-01234567"}}]"#
        let items = [
            schedule("inference-batch", "", ""), schedule("inference-batch-weekly", variables, volumes),
        ]
        let found = try #require(JobObject.list("{\"items\":[\(items.joined(separator: ","))]}"))
        let table = ScheduleTable(found, Service()).table
        #expect(
            table.rows == [
                ["-", "0 2 * * *", "own test data", "inference:0123456789abcdef", "never", "waits", ""],
                [
                    "weekly", "0 2 * * *", "own test data", "inference:0123456789abcdef", "never", "waits",
                    "sftp://models@store/srv/predictions/inference-batch-weekly",
                ],
            ])
        #expect(table.columns.last?.key == "predictions")
    }
}
