#!/usr/bin/env python3
"""Writes ava_part18_label_sets.csv: how often each set of classes occurs in a part of the AVA labels.

usage: make_label_sets.py BALANCE_CASE.json LABELS.csv.xz > ava_part18_label_sets.csv

An instance is one (video, timestamp, box); classes that the case does not list are left out.
A row is: count, class indices separated by blanks (none for an instance without a listed class).
"""
import collections
import csv
import json
import lzma
import sys

case, labels = sys.argv[1:]
with open(case, encoding="utf-8") as file:
    index = {name: i for i, name in enumerate(json.load(file)["inputs"]["class_ids"])}
instances = collections.defaultdict(set)
with lzma.open(labels, "rt", encoding="utf-8", newline="") as file:
    for row in csv.reader(file):
        members = instances[tuple(row[:6])]
        if row[6] and int(row[6]) in index:
            members.add(index[int(row[6])])
sets = collections.Counter(tuple(sorted(members)) for members in instances.values())
for members, count in sorted(sets.items()):
    print(f"{count},{' '.join(map(str, members))}")
