module tools/toml-test

go 1.26

require github.com/toml-lang/toml-test/v2 v2.2.0
