import Foundation
import Testing

/// Where its models and its examples do not have the same classes.
extension ModelDirectoryTests {
    @Test("whose classes are none of the target's is built with a note")
    func strangeClasses() throws {
        try make("yes_or_no")
        #expect(
            try train(Kind(name: "yes_or_no", target: "gone", first: ".")).contains(
                """
                note: left answers 0, 1, and the target has no, yes: none of its answers is right; train it with the \
                classes of the target\n
                """))
    }

    @Test("whose examples show fewer classes than its boosters answer is told to name them in labels.csv")
    func fewerClasses() throws {
        let kind = Kind(name: "fewer_grades", target: "grade", first: ".")
        try make(kind.name)
        let end = try trainingEnd(kind)
        #expect(
            end.output.contains(
                """
                note: leaves.txt: tells 3 classes apart, but 2 are known (low, middle): it answers 0 to 2; if they \
                have other names, write a labels.csv with all 3 in the order of these numbers\n
                """), "\(end.output)")
        #expect(end.status == 1)
        try Data("class\nhigh\nlow\nmiddle\n".utf8).write(to: model.appending(path: "labels.csv"))
        #expect(try train(kind).contains("39 of 39 rows match expected.csv\n"))
    }
}
