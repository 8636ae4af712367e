"""Reads YAML with PyYAML, in Python and in C (libyaml), which Ansible and most of Python use.

Standard input: a JSON list of YAML documents. Standard output, a line for each reader: its name, and a JSON list with
what it read of each document, or with the error as a string.
"""

import json
import sys

import yaml


def read(document, loader):
    try:
        return yaml.load(document, Loader=loader)
    except yaml.YAMLError as error:
        return str(error)


documents = json.load(sys.stdin)
for name, loader in [("PyYAML", yaml.SafeLoader), ("libyaml", yaml.CSafeLoader)]:
    # What JSON has no form for, a date for one, was not written as such.
    print(name, json.dumps([read(document, loader) for document in documents], default=repr), sep="\t")
