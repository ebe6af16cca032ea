import ForgeCore
import Testing

@testable import ForgeService

@Suite("A cron expression")
struct CronTests {
    @Test(
        "is taken as Kubernetes takes it",
        arguments: [
            "0 2 * * *", "*/15 * * * *", "0,30 8-18 * * mon-fri", "5/10 0 1 JAN,Jul ?", "10-50/20 * * * 0,6",
            "59 23 31 12 *", "@daily",
            "@Hourly", "0 0 29 2 *", "0 0 31 2,3 *", "0 0 30 2 1", "  0  2 *  * * ", "0 0 1,31 4 *",
        ])
    func taken(text: String) throws {
        #expect(try CronExpression(text).text == text)
    }

    @Test(
        "stands for numbers",
        arguments: [
            ("5/15 * * * *", 0, [5, 20, 35, 50]), ("5-5/15 * * * *", 0, [5]), ("10-50/20 * * * *", 0, [10, 30, 50]),
            ("*/30 * * * *", 0, [0, 30]), ("7 * * * *", 0, [7]), ("0 20-23 * * *", 1, [20, 21, 22, 23]),
            ("0 20-23/1 * * *", 1, [20, 21, 22, 23]),
            ("0 0 * * mon-fri", 4, [1, 2, 3, 4, 5]), ("0 0 1,15 * *", 2, [1, 15]), ("@weekly", 4, [0]),
        ])
    func numbers(text: String, field: Int, numbers: [Int]) throws {
        #expect(try CronExpression(text).numbers[field].sorted() == numbers)
    }

    @Test(
        "is refused with the reason",
        arguments: [
            ("", "it has 0 fields, and needs five: minute hour day month weekday"),
            ("daily", "it has 1 field, and needs five: minute hour day month weekday"),
            ("0 2 * *", "it has 4 fields, and needs five: minute hour day month weekday"),
            ("0 0 2 * * *", "it has 6 fields, and needs five: minute hour day month weekday"),
            ("60 * * * *", "minute: '60': 60 is not from 0 to 59"),
            ("* 24 * * *", "hour: '24': 24 is not from 0 to 23"),
            ("* * 0 * *", "day of the month: '0': 0 is not from 1 to 31"),
            ("* * * 13 *", "month: '13': 13 is not from 1 to 12"),
            ("* * * * 7", "day of the week: '7': 7 is not from 0 to 6 (Sunday is 0)"),
            ("* * * * 8", "day of the week: '8': 8 is not from 0 to 6"),
            ("* * * * so", "day of the week: 'so': 'so' is not a number or a name such as mon"),
            ("*/0 * * * *", "minute: '*/0': '0' after / must be a number from 1 on"),
            ("*/x * * * *", "minute: '*/x': 'x' after / must be a number from 1 on"),
            ("*/ * * * *", "minute: '*/': '' after / must be a number from 1 on"),
            ("1/2/3 * * * *", "minute: '1/2/3': has more than one /"),
            ("1-2-3 * * * *", "minute: '1-2-3': has more than one -"),
            ("30-10 * * * *", "minute: '30-10': 30-10 goes backwards"),
            ("-1 * * * *", "minute: '-1': '' is not a number"),
            ("1, * * * *", "minute: '1,': '' is not a number"),
            ("+5 * * * *", "minute: '+5': '+5' is not a number"),
            ("0 0 30 2 *", "no such month has a day 30: it would never run"),
            ("0 0 31 4,6 *", "no such month has a day 31: it would never run"),
            (
                "@fortnightly",
                "@fortnightly is not known; use one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, "
                    + "@hourly"
            ),
        ])
    func refused(text: String, why: String) {
        let error = #expect(throws: Problem.self) { try CronExpression(text) }
        #expect(error?.what == "\"\(text)\" is not a schedule")
        #expect(error?.why == why)
        #expect(error?.kind == .usage)
    }

    @Test(
        "may be the last day that a month ever has, and no day after it",
        arguments: [
            (1, 31), (2, 29), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30), (10, 31), (11, 30),
            (12, 31),
        ])
    func lastDay(month: Int, last: Int) throws {
        #expect(try CronExpression("0 0 \(last) \(month) *").numbers[2] == [last])
        if last < 31 {
            let error = #expect(throws: Problem.self) { try CronExpression("0 0 \(last + 1) \(month) *") }
            #expect(error?.why == "no such month has a day \(last + 1): it would never run")
        }
    }
}
