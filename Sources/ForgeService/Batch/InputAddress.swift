/// The address that pods fetch rows from. It may hold a password, so it is in a Secret, and in no description of a pod
/// and no program's arguments, which every user of a node can read.
enum InputAddress {
    /// Of the file with it, in the Secret and where that is mounted.
    static let file = "input"

    /// A command that runs a program of the image with the address in this file. Images of every release know `--input`
    /// alone.
    static func command(_ program: String, file: String, _ arguments: [String]) -> [String] {
        ["python", "-c", reader, program, file] + arguments
    }

    private static let reader =
        "import runpy, sys; program, file, *more = sys.argv[1:]; "
            + """
            sys.argv = [program, '--input', open(file).read().strip(), *more]; runpy.run_path(program, \
            run_name='__main__')
            """
}
