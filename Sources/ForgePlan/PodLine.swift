/// A line of a pod's log, asked for by the user.
package struct PodLine: Sendable, Hashable {
    package var pod: String
    package var text: String
    /// Which of the pods it is, from 0, and how many columns the longest of their names takes.
    package var place: Int
    package var columns: Int

    package init(pod: String, text: String, place: Int = 0, columns: Int = 0) {
        self.pod = pod
        self.text = text
        self.place = place
        self.columns = columns
    }
}
