"""Compares the trees of pairs of files: lines of JSON with `path`, `before` and `after` in, one verdict out."""
import ast
import io
import json
import sys
import tokenize
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)


def tree(text):
    parsed = ast.parse(text, type_comments=True)
    for ignore in parsed.type_ignores:
        ignore.lineno = 0
    return ast.dump(parsed)


def encoding(text):
    return tokenize.detect_encoding(io.BytesIO(text.encode("utf-8")).readline)[0]


files, equal, unequal = 0, 0, []
for line in sys.stdin:
    pair = json.loads(line)
    try:
        before = tree(pair["before"])
        declared = encoding(pair["before"])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        continue
    files += 1
    try:
        same = tree(pair["after"]) == before and encoding(pair["after"]) == declared
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        same = False
    if same:
        equal += 1
    else:
        unequal.append(pair["path"])
print(json.dumps({"files": files, "equal": equal, "unequal": unequal}))
