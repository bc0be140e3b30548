"""Reads queries for Athena as a JSON list from stdin, parses them, and answers the same for DuckDB."""

import json
import sys

import sqlglot

queries = json.load(sys.stdin)
answers = []
for query in queries:
    (tree,) = sqlglot.parse(query, read="athena", error_level=sqlglot.ErrorLevel.RAISE)
    answers.append(tree.sql(dialect="duckdb"))
json.dump(answers, sys.stdout)
