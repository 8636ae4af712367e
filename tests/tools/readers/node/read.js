// Reads YAML with npm's yaml, by the rules of 1.2 and of 1.1, and with js-yaml.
//
// Standard input: a JSON list of YAML documents. Standard output, a line for each reader: its name, and a JSON list
// with what it read of each document, or with the error as a string.
"use strict";

const { readFileSync } = require("node:fs");
const jsYaml = require("js-yaml");
const yaml = require("yaml");

const readers = {
  "yaml (1.2)": (document) => yaml.parse(document, { version: "1.2" }),
  "yaml (1.1)": (document) => yaml.parse(document, { version: "1.1" }),
  "js-yaml": (document) => jsYaml.load(document),
};

const documents = JSON.parse(readFileSync(0, "utf8"));
for (const [name, parse] of Object.entries(readers)) {
  const values = documents.map((document) => {
    try {
      return parse(document);
    } catch (error) {
      return String(error);
    }
  });
  process.stdout.write(`${name}\t${JSON.stringify(values)}\n`);
}
