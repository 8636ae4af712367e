//! Values in files of other formats, read back by other people's readers of them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Reads a JSON list of `[extension, text]` and gives for each the list of values that the text holds.
const READER: &str = r#"
import configparser, json, sqlite3, subprocess, sys, tomllib
def read(extension, text):
    if extension == "json":
        return json.loads(text)
    if extension == "toml":
        return tomllib.loads(text)["all"]
    if extension == "sql":
        return list(sqlite3.connect(":memory:").execute(text).fetchone())
    if extension == "sh":
        return subprocess.run(["sh", "-c", text], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
    if extension == "ini":
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        return list(parser["all"].values())
print(json.dumps([read(*case) for case in json.load(sys.stdin)]))
"#;

#[test]
fn what_is_written_is_read_back() {
    let nasty = [
        "it's",
        "\"",
        "\\",
        "\\n",
        "a\nb\tc\r",
        "$HOME `id` $(id) !x",
        "'; DROP TABLE a; --",
        "é\u{2028}\u{1f600}",
        "\u{1}\u{7f}\u{85}\u{feff}",
        "- x: y # z",
        "%s %(a)s ${b}",
        "",
        " a ",
        "yes",
        "1e3",
        "*a &b",
    ];
    let plain = ["a", "a b", "a.b/c:d-e_f", "1=22", "(xyz)"];
    let formats = [
        ("json", "[${{ a }}${% for x in more %}, ${{ x }}${% endfor %}]"),
        ("toml", "all = [${{ a }}${% for x in more %}, ${{ x }}${% endfor %}]"),
        ("sql", "SELECT ${{ a }}${% for x in more %}, ${{ x }}${% endfor %};"),
        ("sh", "printf '%s\\0' ${{ a }}${% for x in more %} ${{ x }}${% endfor %}"),
        (
            "ini",
            "[all]\na = ${{ a }}\n${% for x in more %}\nkey${{ x | length }} = ${{ x }}\n${% endfor %}\n",
        ),
    ];
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop/environments");
    let folder = tempfile::tempdir().expect("temporary folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    for file in ["base.toml", "live.toml"] {
        let text = fs::read_to_string(shop.join(file)).expect("there");
        write(&format!("environments/{file}"), &text);
    }
    let mut wanted = Vec::new();
    for (extension, text) in formats {
        let values: Vec<&str> = match extension {
            "ini" => plain.to_vec(),
            // A backslash is refused, as MySQL reads it otherwise.
            "sql" => nasty.into_iter().filter(|text| !text.contains('\\')).collect(),
            _ => nasty.to_vec(),
        };
        let literal = |value: &&str| serde_json::to_string(value).expect("JSON");
        let (first, more) = values.split_first().expect("values");
        let more = more.iter().map(literal).collect::<Vec<_>>().join(", ");
        write(&format!("templates/more/files/a.{extension}"), text);
        write(
            &format!("templates/more/{extension}.yaml"),
            &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: {extension}, namespace: shop }}\n\
             data: {{ text: {{ $file: more/files/a.{extension}, a: {}, more: [{more}] }} }}\n",
                literal(first),
            ),
        );
        wanted.push(values);
    }
    let rendered = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"))
        .args(["render", "live", "--only", "more", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .expect("the binary runs");
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let lines = String::from_utf8(rendered.stdout).expect("UTF-8");
    let objects: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let text_of = |extension: &str| {
        let object = objects.iter().find(|object| object["metadata"]["name"] == extension).expect("rendered");
        object["data"]["text"].clone()
    };
    let cases: Vec<_> =
        formats.iter().map(|(extension, _)| serde_json::json!([extension, text_of(extension)])).collect();
    let mut python = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let input = serde_json::to_vec(&cases).expect("JSON");
    python.stdin.take().expect("piped").write_all(&input).expect("read");
    let output = python.wait_with_output().expect("ends");
    assert!(output.status.success());
    let read: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).expect("lists of text");
    for (((extension, _), read), wanted) in formats.iter().zip(read).zip(wanted) {
        assert_eq!(read, wanted, "{extension}");
    }
}
