import ForgeCore
import ForgeTemplates
import Testing

@Suite("A template")
struct TemplateTests {
    @Test("has its names replaced by their values")
    func replacesNames() throws {
        let text = "a: {{ a }}\nb: {{ b }}{{ a }} {{}} { { ${{x}}\n"
        #expect(try template(text).render(["a": "1", "b": "{{ a }}"]) == "a: 1\nb: {{ a }}1 {{}} { { ${{x}}\n")
    }

    @Test("without names stays as it is", arguments: ["", "plain\n", "no newline at the end"])
    func staysAsItIs(text: String) throws { #expect(try template(text).render() == text) }

    @Test("tells of a name that has no value")
    func tellsOfUnknown() {
        #expect(
            told("{{ version }}", ["versoin": "1", "name": "x"]) == """
                templates/kubeadm/init.yaml cannot be rendered
                  why  {{ version }} has no value
                  fix  use one of: name, versoin
                """)
    }

    @Test("tells of a value that it has no place for")
    func tellsOfUnused() {
        #expect(
            told("{{ a }}", ["a": "1", "c": "3", "b": "2"]) == """
                templates/kubeadm/init.yaml cannot be rendered
                  why  it does not say where {{ b }} goes
                  fix  put {{ b }} back, or do without the overlay (--templates)
                """)
    }

    @Test("tells of a name that is never closed")
    func tellsOfUnclosed() {
        #expect(
            told("a: 1\nb: {{ name }\nc: 3", ["name": "x"]) == """
                templates/kubeadm/init.yaml cannot be rendered
                  why  `{{ name }` opens {{ and never closes it
                  fix  write {{ name }}
                """)
    }

    private func template(_ text: String) -> Template { Template(path: "kubeadm/init.yaml", text: text) }

    private func told(_ text: String, _ values: [String: String]) -> String? {
        #expect(throws: Problem.self) { try template(text).render(values) }?.description
    }
}
