import Foundation
import Testing

/// With an expected.csv, the notebook's own answers.
extension ModelDirectoryTests {
    @Test("with expected.csv is built only if it answers as the notebook did")
    func expected() throws {
        let kind = Kind(name: "expected", target: "churned", index: "customer", first: ".")
        try make("expected")
        #expect(try train(kind).contains("60 of 60 rows match expected.csv\n"))
        let file = model.appending(path: "expected.csv")
        let good = try String(contentsOf: file, encoding: .utf8)
        let lines = good.split(separator: "\n")
        // Rows in another order, and fewer: they are found by the index.
        try Data((lines.prefix(1) + lines.dropFirst(40).reversed()).joined(separator: "\n").utf8).write(to: file)
        #expect(try train(kind).contains("21 of 60 rows match expected.csv\n"))
        let cases =
            [
                (
                    good.replacing(/(c00[35]),(no|yes),/, with: { "\($0.1),\($0.2 == "no" ? "yes" : "no")," }),
                    #"""
                    churn differs from expected\.csv on 2 of 60 rows \(row 3: (no|yes) 0\.\d\d, expected (no|yes) \#
                    0\.\d\d\)\n
                    """#
                ),
                (
                    good.replacing(/(c007,\w+),0\.\d+/, with: { "\($0.1),0.123456" }),
                    #"""
                    churn differs from expected\.csv on 1 of 60 rows \(row 7: \w+ 0\.\d+, expected 0\.123456\)\n
                    """#
                ),
                (
                    "customer,other\nc001,no\n",
                    #"expected\.csv: has no column 'churn', .* it has 'customer', 'other'\n"#
                ),
                ("", #"expected\.csv:1: has no header: .*\n"#),
                (
                    "sep=,\ncustomer,churn\nc001,no\n",
                    #"""
                    expected\.csv:1: is not the header, but tells Excel the separator \('sep=,'\): remove this \#
                    line\n
                    """#
                ),
                ("customer,churn\nc001\n", #"expected\.csv:2: has 1 column, the header 2\n"#),
                (
                    "customer,churn,churn_probability\nc001,no,nan\n",
                    #"expected\.csv: row 1 of churn must be a finite number, is 'nan': .*\n"#
                ),
                (
                    "customer,churn,churn_probability\nc001,no,\"1,107\"\n",
                    #"""
                    expected\.csv: row 1 of churn must be a finite number, is '1,107': write 1107 if the comma \#
                    separates thousands, 1\.107 if it is a decimal comma\n
                    """#
                ),
                (
                    good.replacing("customer,churn,churn_probability", with: "customer,churn,Churn_Probability"),
                    #"""
                    expected\.csv:1, column 3: 'Churn_Probability' is no model's column, 'churn_probability' is: \#
                    write it so\n
                    """#
                ),
                (
                    good.replacing("customer,churn,churn_probability", with: "customer,Churn,churn_probability"),
                    #"expected\.csv:1, column 2: 'Churn' is no model's column, 'churn' is: write it so\n"#
                ),
                (
                    "churn\nno\nyes\n",
                    #"""
                    expected\.csv: has 2 rows, and the examples have 60: without a column 'customer' or row its rows \#
                    are matched by position, and there must be one for each\n
                    """#
                ),
                (
                    good.replacing(/(c008,\w+,0\.\d{6})/, with: { "\($0.1)09" }),
                    #"""
                    churn differs from expected\.csv on 1 of 60 rows \(row 8: \w+ 0\.\d{6,}, expected 0\.\d{7,}\)\n
                    """#
                ),
                (
                    "churn\n\"\"\n" + lines.dropFirst(2).map { "\($0.split(separator: ",")[1])\n" }.joined(),
                    #"churn differs from expected\.csv on 1 of 60 rows \(row 0: no 0\.\d\d, expected \)\n"#
                ),
                ("customer,churn\nx,no\n", #"expected\.csv: none of its rows matches a row of the examples: .*\n"#),
                (good + lines[1] + "\n", #"expected\.csv: names a row twice in column 'customer'\n"#),
            ] as [(String, String)]
        for (text, reason) in cases {
            try Data(text.utf8).write(to: file)
            let end = try trainingEnd(kind)
            #expect(end.status == 1)
            #expect(try Regex(reason).wholeMatch(in: end.errors) != nil, "\(end.errors)")
        }
    }
}
