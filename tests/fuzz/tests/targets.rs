//! Fuzz targets. `cargo test` tries random inputs for a few seconds each; `cargo bolero test environment` searches on
//! with libFuzzer.

use bolero::check;

#[test]
fn environment() {
    check!()
        .with_type::<(Vec<u8>, Vec<u8>)>()
        .for_each(|(layer, environment)| p8fs_gen::fuzz::environment(layer, environment));
}

/// Texts of the words that environment files are made of reach further than bytes.
#[test]
fn environment_of_words() {
    const WORDS: [&str; 40] = [
        "[system]\n",
        "[environment]\n",
        "[cluster]\n",
        "[services.a]\n",
        "[stores.b.external]\n",
        "[clusters.eu]\n",
        "name",
        "tier",
        "namespace",
        "kubernetes",
        "image",
        "ports",
        "uses",
        "replicas",
        "resources",
        "probes",
        "storage",
        "files",
        " = ",
        "\n",
        ".",
        "\"",
        "\"production\"",
        "\"1.36\"",
        "\"x:1\"",
        "8080",
        "-1",
        "0.5",
        "true",
        "[",
        "]",
        "{ ",
        " }",
        ", ",
        "min",
        "max",
        "\"\"\"",
        "#",
        "é",
        "unset = [\"system\"]\n",
    ];
    check!().with_type::<(Vec<u8>, Vec<u8>)>().for_each(|(layer, environment)| {
        let text = |choices: &[u8]| {
            choices.iter().map(|choice| WORDS[usize::from(*choice) % WORDS.len()]).collect::<String>()
        };
        p8fs_gen::fuzz::environment(text(layer).as_bytes(), text(environment).as_bytes());
    });
}

#[test]
fn template() {
    check!().with_type::<String>().for_each(|text| assert!(p8fs_gen::fuzz::template(text), "{text:?}"));
}

#[test]
fn template_of_words() {
    const WORDS: [&str; 32] = [
        "for: ",
        "[x in services]",
        "if: ",
        "---\n",
        "apiVersion: v1\n",
        "kind: ConfigMap\n",
        "metadata: ",
        "{ ",
        " }",
        "- ",
        "\n",
        "  ",
        "$if: ",
        "$else: ",
        "$for: ",
        "$value: ",
        "$merge: ",
        "$include: ",
        "$file: ",
        "${{ ",
        " }}",
        "x",
        "x.name",
        " == ",
        "'a'",
        "none",
        "\"",
        "&a",
        "*a",
        "!t ",
        "? ",
        "é",
    ];
    check!().with_type::<Vec<u8>>().for_each(|choices| {
        let text: String = choices.iter().map(|choice| WORDS[usize::from(*choice) % WORDS.len()]).collect();
        assert!(p8fs_gen::fuzz::template(&text), "{text:?}");
    });
}

#[test]
fn manifest() {
    check!().with_type::<String>().for_each(|text| p8fs_gen::fuzz::manifest(text));
}

#[test]
fn yaml_is_read_back_as_it_was_written() {
    check!().with_type::<String>().for_each(|text| assert!(p8fs_gen::fuzz::yaml(text), "{text:?}"));
}

#[test]
fn yaml_of_words_is_read_back_as_it_was_written() {
    const WORDS: [&str; 32] = [
        "yes", "~", "null", "0", "x", "1", "_", ":", " ", "\n", "\t", "-", "?", "#", "'", "\"", "\\", "|",
        ">", "%", "@", "`", "&", "*", "!", "{", "[", "]", "<<", "=", "\u{85}", "\u{feff}",
    ];
    check!().with_type::<Vec<u8>>().for_each(|choices| {
        let text: String = choices.iter().map(|choice| WORDS[usize::from(*choice) % WORDS.len()]).collect();
        assert!(p8fs_gen::fuzz::yaml(&text), "{text:?}");
    });
}
