# SPDX-License-Identifier: Apache-2.0
"""The length check of C++ functions: what it takes for a function, and how long it finds it."""
import check_style
import cpp_functions

SOURCE = '''namespace a {
struct X : Y<int> {
  X() : a_{1}, b_(2) {
    foo();
  }
  int f() const {
    return '{';
  }
  std::vector<int> v{1, 2};
};
enum class E { A, B };
const std::map<int, std::string> kTable = {
    {1, "x{"},
    {2, R"(}}}{)"},
};
template <typename T>
Result<std::vector<T>> G(const T& x,
                         int y) {
  for (;;) { auto l = [&] { return 1'000; }; }
  struct L { int x; };
  return {};
}
static const std::vector<Row> rows = MakeRows({
    {1},
});
}  // namespace a
bool operator==(const X& a, const X& b) {
  return true;
}
'''


def test_functions_are_found_and_tables_are_not():
    found = [(f.line, f.lines) for f in cpp_functions.functions(SOURCE)]
    assert found == [(3, 3), (6, 3), (16, 7), (27, 3)]


def test_rows_of_a_table_are_no_code():
    rows = "      {1, 2},\n" * 100
    (found,) = cpp_functions.functions("const V& F() {\n  static const auto* t = new V{\n" + rows + "  };\n  return *t;\n}\n")
    assert found.lines == 5


def test_long_function_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setattr(check_style, "ROOT", tmp_path)
    path = tmp_path / "long.cc"
    path.write_text("// " + check_style.SPDX + "\nvoid F() {\n" + "  G();\n" * 79 + "}\n")
    (finding,) = check_style.file_findings(path)
    assert finding == "long.cc:2: function of 81 lines, at most 80"


def test_header_length_licence_and_machine_paths(tmp_path, monkeypatch):
    monkeypatch.setattr(check_style, "ROOT", tmp_path)
    path = tmp_path / "a.h"
    path.write_text("\n" * 250 + "// see " + "/" + "root/x\n")
    findings = list(check_style.file_findings(path))
    assert [f.split(": ")[1].split(",")[0].split(" belongs")[0] for f in findings] == [
        "251 lines", "no SPDX line", "' /" + "root/'"]
